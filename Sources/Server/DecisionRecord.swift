internal import Addresses
internal import Answering
internal import DNSFormat
internal import FlatMemory
internal import Policy

/// How a query came and when, beside who asked: for logs that have whole messages.
struct Exchange: BitwiseCopyable {
  /// The port of who sent it; 0 where that is not known.
  var peerPort: UInt16 = 0
  /// Where it was sent to.
  var server = SocketAddress(IPAddress(v4: 0), port: 0)
  /// Nanoseconds of CLOCK_REALTIME: when the kernel received it, or when we read it; when it was answered.
  var received: UInt64 = 0
  var answered: UInt64 = 0
}

/// What became of one query, on its way to a log.
struct DecisionRecord {
  /// Of the snapshot that decided.
  var generation: UInt64 = 0
  var time: UInt64 = 0  // nanoseconds of CLOCK_REALTIME
  /// What was known of who asked.
  var evidence = Evidence(source: IPAddress(v4: 0))
  /// Who that was.
  var caller = Caller(context: 0)
  var transport = Arrival.Transport.udp
  /// The service asked for; 0 for none.
  var service: UInt32 = 0
  /// Nil where the policy refused nothing and would not have.
  var refusal: Refusal?
  var brokenRules: RuleSet = []
  var isOnlyObserved = false
  /// True where `isolate` in shadow would have left out some endpoints of the answer.
  var wouldLeaveOut = false
  /// Of a client subnet: how many bits of the address the forwarder told, and how many it takes to know the caller.
  var subnetBits: UInt8 = 0
  var scopeBits: UInt8 = 0
  /// Where `isolate` refused: the context of the first endpoint left out.
  var endpointContext: UInt16 = 0
  var decision = Decision.silent
  var rcode = RCode.noError
  var type = RRType(0)
  /// The QNAME as it was asked, in wire format; empty where the request had none.
  var wire: [UInt8] = []

  /// Where the record has its messages: how it came, and in the first octets of these the request and the response, which
  /// has none where there was silence.
  var exchange = Exchange()
  var requestSize = 0
  var responseSize = 0
  var requestOctets: [UInt8] = []
  var responseOctets: [UInt8] = []

  /// The QNAME as it was asked; the root where there was none.
  var name: DomainName { (try? DomainName(wire: wire)) ?? .root }

  /// What became of the query, as far as a sentence about its refusal needs it.
  var outcome: Outcome {
    Outcome(
      caller: caller, refusal: refusal ?? Refusal(.none, reason: 0), service: service,
      brokenRules: brokenRules, endpointContext: endpointContext, isOnlyObserved: isOnlyObserved,
      wouldLeaveOut: wouldLeaveOut,
      clientSubnet: subnetBits == 0 ? nil : ClientSubnet(evidence.source, bits: subnetBits), scope: scopeBits)
  }
}

extension DecisionRecord {
  /// Every rule broken, in the order of judging, with the number of the line that says so.
  func refusals(_ policy: CompiledPolicy) -> [Refusal] {
    guard let refusal else { return [] }
    let judged = policy.judgeAll(caller, target: service, at: UInt32(truncatingIfNeeded: time / 1_000_000_000))
    return brokenRules.union(RuleSet(refusal.rule)).rules.map { rule in
      if rule == refusal.rule { return refusal }
      if rule == .isolate {
        let reason = policy.isolationReason(callerContext: caller.context, endpointContext: endpointContext)
        return Refusal(.isolate, reason: reason)
      }
      if rule == .observed { return Refusal(.observed, reason: policy.acyclicObservedReason) }
      return judged.first { $0.rule == rule } ?? Refusal(rule, reason: 0)
    }
  }
}

extension DecisionRecord {
  /// The request, where the record has it.
  var request: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get { requestOctets.span.extracting(0..<requestSize) }
  }

  /// The response, where the record has it.
  var response: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get { responseOctets.span.extracting(0..<responseSize) }
  }
}
