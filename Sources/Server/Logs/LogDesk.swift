internal import Answering
internal import LinuxIO
internal import Synchronization

/// What a log makes of records, on the log's thread: the part in which logs differ. ``LogWriter`` is what they share.
protocol LogDesk: ~Copyable {
  /// Where to write, opened by the control thread.
  associatedtype Target: Sendable

  init(_ log: ServerLog)

  /// True where there is somewhere to write to; where not, records are thrown away.
  var isOpen: Bool { get }
  /// False while records have to wait in the rings.
  var hasRoom: Bool { get }
  /// The socket that more room depends on, and whether it is to be written to; nil where there is none.
  var awaited: (raw: Int32, writable: Bool)? { get }
  /// Records that came this far and are in no file, since the start.
  var lostCount: UInt64 { get }

  /// Writes there from now on, or nowhere.
  mutating func use(_ target: Target?)
  /// Opens the file by its name again.
  mutating func reopen()
  /// Forgets what belongs to snapshots that no record can be of any more.
  mutating func keep(_ generations: Set<UInt64>)
  /// Takes note of records that the rings had no room for.
  mutating func noteDropped(_ count: UInt64)
  /// Takes one record.
  /// - Parameter served: the snapshot it was made under; nil where that is gone.
  mutating func append(_ record: DecisionRecord, _ served: ServedSnapshot?)
  /// Writes what was taken, as much as goes without waiting.
  /// - Parameter now: nanoseconds of CLOCK_MONOTONIC.
  mutating func flush(at now: UInt64)
  /// Ends the log, for good: nothing is appended any more.
  /// - Parameter isLast: true where it is not asked again.
  /// - Returns: false where it wants to be asked again.
  mutating func end(isLast: Bool) -> Bool
}

extension LogDesk where Self: ~Copyable {
  var awaited: (raw: Int32, writable: Bool)? { nil }
}

/// Hands something that cannot be copied from one thread to another, once.
final class Handover<Value: ~Copyable & Sendable>: Sendable {
  private let value: Mutex<Value?>

  init(_ value: consuming Value) { self.value = Mutex(value) }

  /// What was handed over; nil for who comes second.
  func take() -> Value? { value.withLock { $0.take() } }
}
