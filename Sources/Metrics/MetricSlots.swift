internal import Synchronization

/// Which counters belong to which context: a number for each name, kept for the life of the process, so that a reload
/// that renumbers the contexts does not mix their measures.
///
/// Slot 0 is "(none)", callers in no context. Where there are more names than slots, the rest share the last, "(other)".
package final class MetricSlots: Sendable {
  /// How many slots there are, "(none)" and "(other)" included.
  package let capacity: Int
  private let names: Mutex<[String]>
  private let byName: Mutex<[String: UInt16]>

  /// Room for `capacity` slots, as many as the workers' metrics have.
  package init(capacity: Int = WorkerMetrics.defaultSlots) {
    precondition((2...WorkerMetrics.mostSlots).contains(capacity), "there are slots for none and other at least")
    self.capacity = capacity
    names = Mutex(["(none)"])
    byName = Mutex([:])
  }

  /// The slot of a context, taken the first time it is asked for. To be asked at a load, not for a query.
  package func slot(for context: String) -> UInt16 {
    byName.withLock { byName in
      if let slot = byName[context] { return slot }
      let slot = names.withLock { names in
        if names.count >= capacity - 1 { return capacity - 1 }
        names.append(context)
        return names.count - 1
      }
      byName[context] = UInt16(slot)
      return UInt16(slot)
    }
  }

  /// The name of a slot: a context's, `none`, or `other`.
  package func name(of slot: UInt16) -> String {
    names.withLock { names in
      if Int(slot) < names.count { return names[Int(slot)] }
      return "(other)"
    }
  }
}
