package import Addresses
package import Contexts
package import DNSFormat
package import Diagnostics

// The module Policy: who calls, and may they?
//
// Takes the text of the *.policy files and gives a `Policy`, checked and in plain types, for the control plane; and
// from that a `CompiledPolicy`, flat, which every query reads without a lock, an allocation or a reference count.
// Opens no file, knows no record data, asks no clock.

/// What the operator wrote, read, resolved and found free of contradictions.
package struct Policy: Sendable {
  /// What names are relative to in files that say no `origin` of their own.
  package var origin: DomainName?
  /// Every address the server listens on; never empty.
  package var listens: [Listen] = []
  /// True where no `listen` was written and `listens` is what one gets then.
  package var isListenDefaulted = false
  /// The server's mode; a context may have another, see ``ContextDetails/mode``.
  package var mode = Mode.enforce
  /// What a service without `allow` lines does.
  package var defaultDecision = DefaultDecision.allow
  /// The place of the `default` statement, where there is one.
  package var defaultLocation: SourceLocation?
  /// What a refused caller gets, unless its context or the service says otherwise.
  package var denyAs = DenyAs(.refused)
  package var contexts = ContextTree()
  /// By context number; number 0 is the root, which has nothing but the server's own settings.
  package var contextDetails = [ContextDetails(location: SourceLocation(file: ""))]
  /// The number of `context default`, where callers stand who are in no other.
  package var defaultContext: Int?
  /// A service's number is its index here and 1 more.
  package var services: [Service] = []
  package var isolations: [Isolation] = []
  /// Groups of services and contexts, as declared.
  package var groups: [Group] = []
  package var expectations: [Expectation] = []
  package var metricsLog: MetricsLog?
  /// Nil where nothing is written: the server has a default then.
  package var http: HTTPService?
  /// Names by which browsers may ask for the page, beside those of this host; in lower case, without the final dot.
  package var httpHosts: [String] = []
  /// Which queries are timed.
  package var measuring = QueryTiming()
  package var answerOrder = AnswerOrder.rotate
  package var nsid = NSID.off
  package var cookieMode = CookieMode.on
  /// nil where the policy says none: the server has one of its own then, for as long as it runs.
  package var cookieSecret: CookieSecret?
  package var rateLimit = RateLimiting()
  package var tcpLimits = TCPLimits()
  /// Nil where the server stays who started it.
  package var user: ServerUser?
  /// Files of zones whose names do not say which; at most one for each zone and context.
  package var zoneFiles: [ZoneFileStatement] = []
  /// Nil where no tiers are declared.
  package var tiers: Tiers?
  /// Where it is said that the allowed call graph has no cycle; nil where it is not.
  package var acyclicLocation: SourceLocation?
  /// Where it is said that a call which closes a cycle among those seen is refused; nil where it is not.
  package var acyclicObservedLocation: SourceLocation?
  /// Who calls whom by `allow` lines, directly or by others; nil where the policy does not say `acyclic`.
  package var reachability: Reachability?
  /// Which declared calls close a cycle, and from when on; computed with ``reachability``.
  var cycleTimes = CycleTimes()
  /// Rules in shadow: logged, not enforced, whatever the mode.
  package var observedRules: [ObservedRule] = []
  package var exceptions: [PolicyException] = []
  /// Forwarders whose EDNS Client Subnet is believed (RFC 7871).
  package var trustedForwarders: [LocatedPrefix] = []
  /// Proxies that have to send a PROXY protocol v2 header, which is believed.
  package var trustedProxies: [LocatedPrefix] = []
  /// Who is told why.
  package var explaining = Explaining()
  /// Nil where queries are not logged to a file.
  package var queryLog: QueryLog?
  /// Nil where no messages are handed to a collector.
  package var dnstap: Dnstap?
  /// Nil where every reload without mistakes is taken.
  package var reloadGuard: ReloadGuard?
  package var versionText = VersionText.own
  /// Who is asked for names that no zone of ours has; as written.
  package var forwards: [Forward] = []
  package var forwardCache = ForwardCache()
  /// Which private addresses forwarded names may have.
  package var privateAllowance = PrivateAllowance()
  /// Whether names that have no business outside are answered here (RFC 6303, RFC 6761), where anything is forwarded.
  package var hasLocalZones = true
  /// Whether reverse zones are made of our own addresses where none is written; nil for where anything is forwarded.
  package var reverseZones: Bool?

  /// True where some caller's names are forwarded.
  package var forwardsAny: Bool { forwards.contains { !$0.isOff } }
  /// True where local zones are answered here.
  package var servesLocalZones: Bool { hasLocalZones && forwardsAny }
  /// True where our own addresses are answered for in reverse.
  package var makesReverseZones: Bool { reverseZones ?? forwardsAny }
}

extension Policy {
  /// By context number, the outermost context that it is in: one below the root, and itself for the root. Calls that were
  /// seen are one graph in all contexts of a realm, and say nothing of another.
  package var realms: [UInt16] {
    var realms: [UInt16] = []
    // Parents have lower numbers.
    for (number, node) in contexts.nodes.enumerated() {
      realms.append(number == 0 || node.parent == 0 ? UInt16(number) : realms[node.parent])
    }
    return realms
  }
}

/// `tiers A > B > C`: importance, the most important first. A service may not depend on one of a lower tier.
package struct Tiers: Sendable {
  /// Each once.
  package let names: [Word]
  package let location: SourceLocation
}

/// `observe RULE`: what the rule refuses is only logged.
package struct ObservedRule: Hashable, Sendable {
  package let rule: Rule
  package let location: SourceLocation
}

/// `except CALLER -> SERVICE until DATE because TEXT`: lifts `tiers`, `acyclic` and `isolate` for one pair.
package struct PolicyException: Sendable {
  /// Who may call all the same; a service or a context.
  package let caller: Grant.Subject
  /// An index into the policy's services.
  package let service: Int
  /// The first second, since 1970, at which it holds no more: midnight UTC after its last day.
  package let end: UInt32
  /// Its last day as written: `2026-12-31`.
  package let lastDay: String
  package let reason: String
  package let location: SourceLocation

  /// What `ambit audit` gives as the reason of those it proposes; `ambit check` warns of it.
  package static let proposedReason = "seen in the query log: name an owner"

  /// One that is proposed.
  package init(
    caller: Grant.Subject, service: Int, end: UInt32, lastDay: String, reason: String, location: SourceLocation
  ) {
    self.caller = caller
    self.service = service
    self.end = end
    self.lastDay = lastDay
    self.reason = reason
    self.location = location
  }
}

/// `explain`: who may ask why, by `dig CH TXT`, and reads the rule in a refusal's Extended DNS Error.
package struct Explaining: Sendable {
  package enum Audience: Hashable, Sendable {
    case everyone
    case nobody
    /// Callers in these contexts and those in them, by number.
    case contexts([Int])
  }

  package var audience = Audience.everyone
  /// No place where it is not written.
  package var location = SourceLocation(file: "")

  package init() {}
}

/// `reload guard N%`: a reload that changes a greater share of the answers recently given waits to be forced.
package struct ReloadGuard: Hashable, Sendable {
  /// Percent, 0 to 99.
  package let percent: Int
  package let location: SourceLocation
}

/// What `dig CH TXT version.bind` is told.
package enum VersionText: Hashable, Sendable {
  /// `ambit` and its version.
  case own
  /// Nothing: REFUSED.
  case off
  case text(String)
}

/// A `zone` line: which zone a file has, and for which context.
package struct ZoneFileStatement: Hashable, Sendable {
  package let origin: DomainName
  /// As written: relative to the configuration's folder where it does not start with a slash.
  package let path: String
  /// The number of the context whose overlay it is; 0 for the base.
  package let context: Int
  package let location: SourceLocation
}

/// An address the server listens on.
package struct Listen: Hashable, Sendable {
  package let address: SocketAddress
  /// The number of the context that claims whoever asks here; nil for the server's own addresses.
  package let context: Int?
  package let location: SourceLocation
}

/// What a policy says of one context, beside its place in the tree.
package struct ContextDetails: Sendable {
  /// Where its name stands in its declaration.
  package let location: SourceLocation
  /// Callers from here are in the context.
  package var from: [LocatedPrefix] = []
  /// Its services live here, and in `from`.
  package var endpoints: [LocatedPrefix] = []
  /// As written here; nil where it is the parent's.
  package var mode: Mode?
  /// As written here; nil where it is the parent's.
  package var denyAs: DenyAs?
  /// Who may lease it; nil for nobody.
  package var leasing: Leasing?
}

/// A service: a name that is called, and an identity that calls.
package struct Service: Sendable {
  package let name: DomainName
  /// The name as the policy writes it.
  package let display: String
  /// Where its name stands in its declaration.
  package let location: SourceLocation
  /// A caller from here is the service.
  package var runsAt: [LocatedPrefix] = []
  package var allows: [Grant] = []
  package var refuses: [Grant] = []
  package var denyAs: DenyAs?
  /// As written here; nil where it is the caller's context's. It counts for all calls of this service.
  package var mode: Mode?
  /// An index into the tiers' names, 0 the most important; nil for a service in none.
  package var tier: Int?
  /// Where its tier is said, by itself or for all services; no place for a service in none.
  package var tierLocation = SourceLocation(file: "")
  /// Common names of client certificates, as a trusted proxy tells them, whose holder is the service.
  package var identities: [ServiceIdentity] = []
  /// Users of this host whose processes are the service.
  package var users: [ServiceUser] = []
  /// Where it is said that callers known by address alone are refused; nil where they are not.
  package var requireLocation: SourceLocation?
  /// What names are relative to where it is declared; nil where there is no origin.
  package var origin: DomainName?
  /// What it says of its endpoints.
  package var steering = Steering()
}

/// One word of an `identity` line.
package struct ServiceIdentity: Hashable, Sendable {
  /// The certificate's common name, compared octet by octet.
  package let commonName: String
  package let location: SourceLocation
}

/// One word of a `uid` line: a user's name or number.
package struct ServiceUser: Hashable, Sendable {
  package let text: String
  /// The number; nil for a name until the user database was asked, and for one it does not have.
  package var number: UInt32?
  package let location: SourceLocation
}

/// One word of an `allow` or `refuse` line, resolved.
package struct Grant: Hashable, Sendable {
  package let subject: Subject
  /// Where the word is that names the subject, or the group it is in.
  package let location: SourceLocation
  /// The group by which the word names the subject, an index into the policy's groups; nil where it does so itself.
  package var group: Int?

  /// One that is proposed, or read.
  package init(subject: Subject, location: SourceLocation, group: Int? = nil) {
    self.subject = subject
    self.location = location
    self.group = group
  }

  /// Whom a word names.
  package enum Subject: Hashable, Sendable {
    /// An index into the policy's services.
    case service(Int)
    /// A context's number; the contexts in it are meant too.
    case context(Int)
    case everyone
  }
}

/// `group NAME WORD...`: services and contexts under one name.
package struct Group: Hashable, Sendable {
  package let name: String
  /// Its services and contexts and those of the groups in it, each once, with the words of this line that name them.
  package let members: [Grant]
  /// Where its name stands in its declaration.
  package let location: SourceLocation
}

/// One `isolate` line: callers in one of the contexts, or below it, receive no endpoint of another.
package struct Isolation: Hashable, Sendable {
  /// Numbers of contexts, each once, none an ancestor of another.
  package let contexts: [Int]
  package let location: SourceLocation

  /// Every pair once, as the line writes them.
  package var pairs: [(a: Int, b: Int)] {
    contexts.indices.flatMap { first in contexts[(first + 1)...].map { (a: contexts[first], b: $0) } }
  }
}

/// An `expect` line: a test that is run at every load. Its form is checked, its type and outcome are not.
package struct Expectation: Sendable {
  package let location: SourceLocation
  package let source: IPAddress
  /// The address asked, where the line says one: its context may claim the caller.
  package let listener: SocketAddress?
  /// What the caller is known by beside its address.
  package let identity: Identity?
  package let name: DomainName
  /// `A` where the line says none.
  package let typeText: String
  package let typeLocation: SourceLocation
  /// The words after `->`; at least one.
  package let outcome: [Word]

  /// `as identity NAME`, `as uid USER`.
  package enum Identity: Hashable, Sendable {
    /// The common name of a verified certificate.
    case certificate(String)
    /// A user's name or number.
    case user(String)
  }
}

/// What services without `allow` lines do.
package enum DefaultDecision: String, CaseIterable, Sendable {
  case allow
  case refuse
}

/// Whether what the rules refuse is refused, or only logged.
public enum Mode: String, CaseIterable, Sendable, BitwiseCopyable {
  case enforce
  case observe
}

/// What a refused caller gets.
public struct DenyAs: Hashable, Sendable, BitwiseCopyable {
  /// What it looks like on the wire.
  public enum Kind: String, CaseIterable, Sendable, BitwiseCopyable {
    case refused
    case nxdomain
    case nodata
    case drop
  }

  /// What it looks like on the wire.
  public var kind: Kind
  /// The negative TTL in seconds, for nxdomain and nodata.
  public var ttl: UInt32

  /// A way to refuse; the TTL is 5 seconds unless the policy says another.
  @inlinable public init(_ kind: Kind, ttl: UInt32 = 5) {
    self.kind = kind
    self.ttl = ttl
  }
}
