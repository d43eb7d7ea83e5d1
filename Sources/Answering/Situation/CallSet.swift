internal import FlatMemory
package import Policy

/// A set of calls, each of a service by a service, for callers in one of the outermost contexts and all that are in it.
///
/// Read on a query's path where there is any: without a lock, an allocation or a reference count.
package final class CallSet: Sendable {
  /// A call, by the numbers of one snapshot.
  package struct Call: Hashable, Sendable, BitwiseCopyable {
    /// An outermost context: one that is in no other but the root; 0 for the root's own callers.
    package var realm: UInt16
    package var caller: UInt32
    package var callee: UInt32

    package init(realm: UInt16 = 0, caller: UInt32 = 0, callee: UInt32 = 0) {
      (self.realm, self.caller, self.callee) = (realm, caller, callee)
    }
  }

  /// Open addressing: a power of two of slots, at most half of them taken. A free one has no callee.
  private let slots: FlatArray<Call>
  /// By context number, its outermost.
  private let realms: FlatArray<UInt16>
  /// True where there is none.
  package let isEmpty: Bool

  /// - Parameter realms: by context number, the outermost context that it is in; see ``Policy/Policy/realms``.
  package init(_ calls: some Collection<Call> = [], realms: [UInt16] = []) {
    let calls = calls.filter { $0.callee != 0 && $0.caller != 0 }
    isEmpty = calls.isEmpty
    self.realms = FlatArray(realms)
    var size = 1
    while size < calls.count * 2 { size *= 2 }
    var slots = Array(repeating: Call(), count: calls.isEmpty ? 0 : size)
    for call in calls {
      var slot = Self.hash(call) & (size - 1)
      while slots[slot].callee != 0, slots[slot] != call { slot = (slot + 1) & (size - 1) }
      slots[slot] = call
    }
    self.slots = FlatArray(slots)
  }

  /// - Parameter context: the caller's own, or any that it is in.
  package func contains(context: UInt16, caller: UInt32, callee: UInt32) -> Bool {
    if isEmpty || Int(context) >= realms.count { return false }
    let call = Call(realm: realms[Int(context)], caller: caller, callee: callee)
    var slot = Self.hash(call) & (slots.count &- 1)
    // At least half of the slots are free.
    while slots[slot].callee != 0 {
      if slots[slot] == call { return true }
      slot = (slot &+ 1) & (slots.count &- 1)
    }
    return false
  }

  private static func hash(_ call: Call) -> Int {
    let services = UInt64(call.caller) << 32 | UInt64(call.callee)
    let mixed = (services ^ UInt64(call.realm) &* 0xbf58_476d_1ce4_e5b9) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: (mixed ^ mixed >> 32) & 0x7fff_ffff)
  }
}

/// What the rules say in the snapshot's situation: what the policy says, and whether the call closes a cycle among those
/// that were seen. Where no such call is refused, that costs a query one flag.
extension Snapshot {
  /// As ``Policy/CompiledPolicy/judge(_:target:at:)``.
  @inline(__always)
  func judge(_ caller: Caller, target service: UInt32, at time: UInt32) -> Judgement {
    let judgement = policy.judge(caller, target: service, at: time)
    if !refusesClosingCalls || !isClosing(caller, service) || judgement.isExcepted { return judgement }
    return policy.adding(
      Refusal(.observed, reason: policy.acyclicObservedReason), to: judgement, context: caller.context,
      service: service)
  }

  /// As ``Policy/CompiledPolicy/permission(_:target:at:)``.
  @inline(__always)
  func permission(_ caller: Caller, target service: UInt32, at time: UInt32) -> Permission {
    let permission = policy.permission(caller, target: service, at: time)
    if !refusesClosingCalls || permission != .clear { return permission }
    return isClosing(caller, service) ? .broken : permission
  }

  /// True for a call that `acyclic observed` refuses, but for an exception.
  @inline(never)
  package func isClosing(_ caller: Caller, _ service: UInt32) -> Bool {
    refusesClosingCalls && caller.isPlaced
      && situation.closingCalls.contains(context: caller.context, caller: caller.service, callee: service)
  }
}
