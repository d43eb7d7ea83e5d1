internal import FlatMemory
package import Policy

/// Who a caller is, in the words of `dig CH TXT whoami.ambit` and of `ambit explain`; without an allocation.
extension CompiledPolicy {
  /// Appends where the caller stands, without the line that says so: `context shard-a in prod`.
  func appendStanding(of outcome: Outcome, to buffer: inout OctetBuffer) {
    let caller = outcome.caller
    if !caller.isPlaced {
      buffer.append("in no context: ")
      if outcome.isSubnetTooShort {
        appendText(of: Refusal(.placement, reason: 0), outcome, to: &buffer)
      } else {
        buffer.append("no from prefix covers the address")
      }
    } else if caller.context == 0 {
      buffer.append("no contexts are declared: everyone sees the base")
    } else {
      buffer.append("context ")
      telling.appendContextPath(caller.context, to: &buffer)
    }
  }

  /// Appends which service the caller is, without the line that says so: `service web`.
  func appendIdentity(of outcome: Outcome, to buffer: inout OctetBuffer) {
    let caller = outcome.caller
    if caller.service != 0 {
      buffer.append("service ")
      appendService(caller.service, to: &buffer)
    } else if caller.identification == .certificate {
      buffer.append("no service: no identity is the certificate's name, and nothing else counts")
    } else if outcome.isSubnetTooShort {
      buffer.append("no service: the client subnet is too short to tell")
    } else {
      buffer.append("no service: no runs-at prefix covers the address")
    }
  }

  /// Where the caller stands, for the control plane.
  package func standing(of outcome: Outcome) -> String { text { appendStanding(of: outcome, to: &$0) } }

  /// Which service the caller is, for the control plane.
  package func identity(of outcome: Outcome) -> String { text { appendIdentity(of: outcome, to: &$0) } }

  /// What is written, as a string.
  func text(_ write: (inout OctetBuffer) -> Void) -> String {
    var buffer = OctetBuffer(capacity: 16384)
    write(&buffer)
    return String(decoding: buffer.octets.octets(0..<buffer.count), as: UTF8.self)
  }
}
