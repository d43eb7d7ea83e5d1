// The order of judging is that of `Rule`'s cases. A rule about (caller, service) has a line in each of the two functions
// here, and a file of its own; `isolate` is asked of the addresses in an answer. Most
// calls are clear by ``ClearCalls``, which never comes here: it has to know every such rule too, and lists those it knows.

extension CallFacts {
  /// The rules that these facts break.
  @inlinable var broken: RuleSet {
    var broken: RuleSet = []
    if RefuseRule.reason(self) != 0 { broken.insert(RuleSet(.refuse)) }
    if RequireRule.reason(self) != 0 { broken.insert(RuleSet(.require)) }
    if AllowRule.reason(self) != 0 { broken.insert(RuleSet(.allow)) }
    if AcyclicRule.reason(self) != 0 { broken.insert(RuleSet(.acyclic)) }
    if TiersRule.reason(self) != 0 { broken.insert(RuleSet(.tiers)) }
    return broken
  }

  /// The line by which a rule is broken; 0 where it is not broken, or is not one about names.
  @inlinable func reason(_ rule: Rule) -> UInt32 {
    switch rule {
    case .refuse: RefuseRule.reason(self)
    case .require: RequireRule.reason(self)
    case .allow: AllowRule.reason(self)
    case .acyclic: AcyclicRule.reason(self)
    case .tiers: TiersRule.reason(self)
    case .none, .placement, .observed, .isolate: 0
    }
  }
}
