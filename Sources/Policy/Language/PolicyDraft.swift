package import Addresses
package import Diagnostics
internal import DNSFormat

/// A value and where it was said.
struct Located<Value> {
  let value: Value
  let location: SourceLocation

  init(_ value: Value, at location: SourceLocation) {
    self.value = value
    self.location = location
  }
}

/// A prefix and where it was said.
package struct LocatedPrefix: Hashable, Sendable {
  package let prefix: Prefix
  package let location: SourceLocation

  package init(prefix: Prefix, location: SourceLocation) {
    self.prefix = prefix
    self.location = location
  }
}

/// What the statements said, word by word, before names are resolved and clashes found.
struct PolicyDraft {
  var mode: Located<Mode>?
  var defaultDecision: Located<DefaultDecision>?
  var denyAs: Located<DenyAs>?
  var metricsLog: Located<MetricsLog>?
  var http: Located<HTTPService>?
  var httpHosts: [String] = []
  var measuring: Located<QueryTiming>?
  var answerOrder: Located<AnswerOrder>?
  /// `prefer` of services that do not say it.
  var prefersNear: Located<Bool>?
  var nsid: Located<NSID>?
  var cookieMode: Located<CookieMode>?
  var cookieSecret: Located<CookieSecret>?
  var rateLimit: Located<RateLimiting>?
  var tcpLimits: Located<TCPLimits>?
  var user: Located<ServerUser>?
  var tiers: Located<[Word]>?
  var acyclic: Located<Bool>?
  var acyclicObserved: Located<Bool>?
  /// The tier of services that say none.
  var defaultTier: Located<Word>?
  var observedRules: [ObservedRule] = []
  var exceptions: [Exception] = []
  var trustedForwarders: [LocatedPrefix] = []
  var trustedProxies: [LocatedPrefix] = []
  /// The contexts that `explain to` names; empty for `explain off`.
  var explaining: Located<[Word]>?
  var queryLog: Located<QueryLog?>?
  var dnstap: Located<Dnstap?>?
  var reloadGuard: Located<ReloadGuard>?
  var versionText: Located<VersionText>?
  var listens: [Listen] = []
  var contexts: [Context] = []
  var services: [Service] = []
  /// The words of each `isolate`.
  var isolations: [Located<[Word]>] = []
  var expectations: [Expectation] = []
  var zoneFiles: [ZoneFile] = []
  var groups: [Group] = []
  var forwards: [Forward] = []
  var forwardCache: Located<ForwardCache>?
  var privateAllowance = PrivateAllowance()
  var hasLocalZones: Located<Bool>?
  var reverseZones: Located<Bool>?

  struct Forward {
    let zone: DomainName
    /// None for `off`.
    let servers: [Located<SocketAddress>]
    /// An index into `contexts`, or nil for everyone's.
    let context: Int?
    let location: SourceLocation
  }

  struct Group {
    let name: Word
    let members: [Reference]
  }

  struct ZoneFile {
    let origin: DomainName
    let path: String
    let context: Word?
    let location: SourceLocation
  }

  struct Listen {
    let address: SocketAddress
    /// An index into `contexts`, or nil for the server's own.
    let context: Int?
    let location: SourceLocation
  }

  struct Context {
    let name: Word
    let parent: Word?
    var from: [LocatedPrefix] = []
    var endpoints: [LocatedPrefix] = []
    var isSealed: Located<Bool>?
    var mode: Located<Mode>?
    var denyAs: Located<DenyAs>?
    var leasing: Leasing?
  }

  struct Service {
    let word: Word
    let name: DomainName
    /// False where the word is no name, which was said; `name` then means nothing.
    let isNameGood: Bool
    /// In effect where the service is declared.
    let origin: DomainName?
    var runsAt: [LocatedPrefix] = []
    var allows: [Reference] = []
    var refuses: [Reference] = []
    var denyAs: Located<DenyAs>?
    var mode: Located<Mode>?
    var tier: Located<Word>?
    var identities: [ServiceIdentity] = []
    var users: [ServiceUser] = []
    var require: Located<Bool>?
    var health: Located<HealthCheck>?
    /// What it says of its endpoints; `health` apart.
    var steering = Steering()
    /// `fail fallback SERVICE`: the service that stands in.
    var fallback: Reference?
  }

  struct Exception {
    let caller: Reference
    let service: Reference
    let end: UInt32
    let lastDay: String
    let reason: String
    let location: SourceLocation
  }

  /// A word that names a service, a context or everyone.
  struct Reference {
    let word: Word
    let origin: DomainName?
  }
}
