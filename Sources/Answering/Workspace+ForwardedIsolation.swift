internal import DNSFormat
internal import FlatMemory
internal import Forwarding
internal import Policy

/// What others say, judged for who asks: replies are kept once for all, so this is done when they are written.
extension Workspace {
  /// Asks `isolate` about every address in the answer of `reply`, whichever record leads there. Those that the caller is
  /// kept from are left out; where none is left, or the set is signed and would be no whole one, the query is refused.
  ///
  /// A reply is not looked at for callers who are isolated from nobody.
  /// - Returns: true where the query is refused and `answer` says how.
  mutating func isolateRefusesReply(_ snapshot: Snapshot, _ outcome: inout Outcome) -> Bool {
    let context = outcome.caller.context
    guard snapshot.policy.isolation(ofContext: context) != nil else { return false }
    var total = 0, hidden = 0
    var first: UInt16 = 0
    var isSigned = false
    var offset = 0
    while let part = reply.answer(at: offset) {
      offset = part.end
      if part.type == .rrsig, part.end &- part.data >= 2 {
        isSigned = isSigned || RRType(reply.records.u16(at: part.data)).holdsEndpoints
      }
      guard part.type.holdsEndpoints else { continue }
      total &+= 1
      guard let endpoint = isolatedContext(of: part, snapshot, context) else { continue }
      if hidden == 0 { first = endpoint }
      hidden &+= 1
    }
    let service = outcome.service
    if hidden == 0 || snapshot.judge(outcome.caller, target: service, at: time).isExcepted { return false }
    let isPart = hidden < total && !isSigned
    if isPart, !snapshot.policy.shadow(context: context, service: service).contains(.isolate),
      leaveOutIsolated(snapshot, context)
    {
      return false
    }
    let isFirst = outcome.refusal == nil
    let judgement = isolation(of: first, service: service, snapshot, &outcome)
    if isRefused(judgement, service: service, snapshot, &outcome, zone: nil) { return true }
    if isPart { outcome.wouldLeaveOut = isFirst }
    return false
  }

  private mutating func isolatedContext(of part: ReplyImage.Part, _ snapshot: Snapshot, _ context: UInt16) -> UInt16? {
    let rdata = reply.records.extracting(part.data..<part.end)
    return snapshot.policy.isolatedContext(of: part.type, rdata, callerContext: context)
  }

  /// - Returns: false where a record that is kept from the caller cannot be taken out.
  private mutating func leaveOutIsolated(_ snapshot: Snapshot, _ context: UInt16) -> Bool {
    var offset = 0
    while let part = reply.answer(at: offset) {
      offset = part.end
      guard part.type.holdsEndpoints, isolatedContext(of: part, snapshot, context) != nil else { continue }
      if !reply.remove(part) { return false }
      offset = part.start
    }
    return true
  }
}
