internal import FlatMemory
package import Policy

extension CompiledPolicy {
  /// Says why in one sentence: `batch may not call orders: refuse (orders.policy:6)`.
  ///
  /// For the EXTRA-TEXT of an Extended DNS Error, without an allocation; ``text(of:_:)`` is the same for the log.
  func appendText(of refusal: Refusal, _ outcome: Outcome, to buffer: inout OctetBuffer) {
    switch refusal.rule {
    case .none: return
    case .placement:
      guard let subnet = outcome.clientSubnet else {
        buffer.append("the caller's address is in no context of the policy")
        return
      }
      buffer.append("the client subnet ")
      buffer.append(subnet)
      if outcome.isSubnetTooShort {
        buffer.append(" is too short: callers are told apart by /")
        buffer.append(decimal: UInt64(subnet.addressBits(ofLength: outcome.scope)))
        buffer.append(" here")
      } else {
        buffer.append(" is in no context of the policy")
      }
      return
    case .refuse, .require, .allow, .acyclic, .observed, .tiers:
      appendCaller(outcome.caller, to: &buffer)
      buffer.append(" may not call ")
      appendService(outcome.service, to: &buffer)
    case .isolate where outcome.wouldLeaveOut:
      buffer.append("would leave out endpoints in ")
      appendContext(outcome.endpointContext, to: &buffer)
    case .isolate:
      buffer.append("endpoints in ")
      appendContext(outcome.endpointContext, to: &buffer)
      buffer.append(" are kept from callers in ")
      appendContext(outcome.caller.context, to: &buffer)
    }
    buffer.append(": ")
    appendRule(refusal.rule, to: &buffer)
    appendCircumstances(of: refusal.rule, outcome, to: &buffer)
    if refusal.reason != 0 {
      buffer.append(" (")
      appendReason(refusal.reason, to: &buffer)
      buffer.append(")")
    }
  }

  /// What else there is to say of a rule than its name.
  private func appendCircumstances(of rule: Rule, _ outcome: Outcome, to buffer: inout OctetBuffer) {
    switch rule {
    case .require: buffer.append(" identity")
    case .acyclic:
      buffer.append(", ")
      appendService(outcome.service, to: &buffer)
      buffer.append(" already calls ")
      appendService(outcome.caller.service, to: &buffer)
    case .observed:
      buffer.append(", ")
      appendService(outcome.service, to: &buffer)
      buffer.append(" was seen calling ")
      appendService(outcome.caller.service, to: &buffer)
    case .tiers:
      buffer.append(", ")
      appendTier(of: outcome.caller.service, to: &buffer)
      buffer.append(" depends on ")
      appendTier(of: outcome.service, to: &buffer)
    case .none, .placement, .refuse, .allow, .isolate: return
    }
  }

  /// True where a caller in no context is met with silence.
  func isDropped(_ caller: Caller) -> Bool {
    !caller.isPlaced && !shadow(context: caller.context, service: 0).contains(.placement)
      && denyAs(context: caller.context, service: 0).kind == .drop
  }

  private func appendCaller(_ caller: Caller, to buffer: inout OctetBuffer) {
    if caller.service != 0 {
      appendService(caller.service, to: &buffer)
    } else if caller.context != 0 {
      buffer.append("a caller in ")
      appendContext(caller.context, to: &buffer)
    } else {
      buffer.append("this caller")
    }
  }

  /// The same sentence as a string.
  package func text(of refusal: Refusal, _ outcome: Outcome) -> String {
    text { appendText(of: refusal, outcome, to: &$0) }
  }
}

extension CompiledPolicy {
  /// Says to a caller in a context who is not told why, that it is not told.
  func appendUntold(_ context: UInt16, to buffer: inout OctetBuffer) {
    if telling.isOff { return buffer.append("explanations are switched off here") }
    buffer.append("explanations are not for callers in ")
    if context == 0 { buffer.append("no context") } else { appendContext(context, to: &buffer) }
  }
}
