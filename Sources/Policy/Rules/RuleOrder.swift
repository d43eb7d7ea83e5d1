// The order of judging: refuse, allow; then, of the addresses in an answer, isolate. A rule about (caller, service)
// has a line in each of the two functions here, and a file of its own.

extension CallFacts {
  /// The first rule that these facts break: what the caller is told.
  @inlinable var firstRefusal: Refusal? {
    if let refusal = RefuseRule.judge(self) { return refusal }
    return AllowRule.judge(self)
  }

  /// Every rule that these facts break, in the order of judging: what the log and `explain` say.
  var allRefusals: [Refusal] {
    [RefuseRule.judge, AllowRule.judge].compactMap { $0(self) }
  }
}
