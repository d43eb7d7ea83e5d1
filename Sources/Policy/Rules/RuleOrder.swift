// The order of judging is that of `Rule`'s cases. A rule about (caller, service) has a line in each of the two functions
// here, and a file of its own; `isolate` is asked of the addresses in an answer.

extension CallFacts {
  /// The rules that these facts break.
  @inlinable var broken: RuleSet {
    var broken: RuleSet = []
    if RefuseRule.reason(self) != 0 { broken.insert(RuleSet(.refuse)) }
    if AllowRule.reason(self) != 0 { broken.insert(RuleSet(.allow)) }
    return broken
  }

  /// The line by which a rule is broken; 0 where no one line says it, or it is not broken.
  @inlinable func reason(_ rule: Rule) -> UInt32 {
    switch rule {
    case .refuse: RefuseRule.reason(self)
    case .allow: AllowRule.reason(self)
    case .none, .placement, .require, .acyclic, .tiers, .isolate: 0
    }
  }
}
