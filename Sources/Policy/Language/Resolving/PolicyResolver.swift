internal import Addresses
internal import Contexts
internal import Diagnostics
internal import DNSFormat

/// Makes a policy of a draft: finds what the names name, and what contradicts what.
///
/// The steps, each in a file of its own: the tree of contexts; the services; what `allow`, `refuse` and `isolate` name;
/// prefixes and addresses that two claim. After an error the rest is checked as if the faulty part had not been said.
struct PolicyResolver {
  let draft: PolicyDraft
  var diagnostics: DiagnosticList
  var policy = Policy()

  /// Indices into the draft's contexts by name: the first declaration of each.
  var contextsByName: [String: Int] = [:]
  /// Context numbers by name.
  var contextNumbers: [String: Int] = [:]
  /// Indices into the policy's services by name.
  var servicesByName: [DomainName: Int] = [:]
  /// Indices into the policy's services by the name as it is written below the origin, in small letters.
  var servicesByShortName: [String: Int] = [:]
  /// Words that declare a service and are no name.
  var faultyServiceWords: Set<String> = []
  /// Words, in small letters, that declare services in several zones.
  var ambiguousWords: Set<String> = []
  /// Indices into the policy's groups by name, which are those of the draft's.
  var groupsByName: [String: Int] = [:]
  /// The groups that something names.
  var usedGroups: Set<Int> = []
  /// How many more members the groups that lines name may come to.
  var membersLeft = PolicyResolver.maximalMemberCount
  /// Indices into the draft's services, of the policy's.
  var servicesInDraft: [Int] = []

  /// What a word that should name a service, a context or a group may have meant; asked for once the services are known.
  lazy var knownSubjects: [DiagnosticList.Known] =
    knownContexts
    + policy.services.enumerated().map { number, service in
      let declared = draft.services[servicesInDraft[number]]
      return .init(
        name: declared.word.text, location: service.location, zone: declared.origin,
        absolute: service.name.description)
    } + knownGroups

  init(_ draft: PolicyDraft, _ diagnostics: DiagnosticList) {
    self.draft = draft
    self.diagnostics = diagnostics
  }

  mutating func resolve() -> Policy {
    policy.mode = draft.mode?.value ?? .enforce
    policy.defaultDecision = draft.defaultDecision?.value ?? .allow
    policy.defaultLocation = draft.defaultDecision?.location
    policy.denyAs = draft.denyAs?.value ?? policy.denyAs
    policy.metricsLog = draft.metricsLog?.value
    policy.http = draft.http?.value
    policy.httpHosts = draft.httpHosts
    policy.measuring = draft.measuring?.value ?? policy.measuring
    policy.answerOrder = draft.answerOrder?.value ?? .rotate
    policy.nsid = draft.nsid?.value ?? .off
    policy.cookieMode = draft.cookieMode?.value ?? .on
    policy.cookieSecret = draft.cookieSecret?.value
    policy.rateLimit = draft.rateLimit?.value ?? policy.rateLimit
    policy.tcpLimits = draft.tcpLimits?.value ?? policy.tcpLimits
    policy.user = draft.user?.value
    policy.expectations = draft.expectations
    policy.acyclicLocation = draft.acyclic?.location
    policy.acyclicObservedLocation = draft.acyclicObserved?.location
    policy.observedRules = draft.observedRules
    policy.trustedForwarders = draft.trustedForwarders
    policy.trustedProxies = draft.trustedProxies
    policy.queryLog = draft.queryLog?.value ?? nil
    policy.dnstap = draft.dnstap?.value ?? nil
    policy.reloadGuard = draft.reloadGuard?.value
    policy.versionText = draft.versionText?.value ?? .own
    resolveContexts()
    resolveZoneFiles()
    resolveServices()
    resolveHealth()
    resolveGroups()
    resolveExplaining()
    resolveTiers()
    resolveGrants()
    resolveExceptions()
    resolveCallGraph()
    resolveSteering()
    resolveIsolations()
    checkOwnership()
    resolveListens()
    resolveForwards()
    return policy
  }

  private mutating func resolveListens() {
    var first: [SocketAddress: Listen] = [:]
    for listen in draft.listens {
      let context = listen.context.flatMap { contextNumbers[draft.contexts[$0].name.text] }
      let resolved = Listen(address: listen.address, context: context, location: listen.location)
      if let other = first[listen.address] {
        diagnostics.error(
          at: listen.location,
          "\(listen.address) is listened on twice, first at \(other.location.short); keep one"
        )
        continue
      }
      first[listen.address] = resolved
      policy.listens.append(resolved)
    }
    guard draft.listens.isEmpty else { return }
    policy.isListenDefaulted = true
    let nowhere = SourceLocation(file: "")
    policy.listens = [IPAddress(v4: 0x7f00_0001), IPAddress(high: 0, low: 1)].map {
      Listen(address: SocketAddress($0, port: 5300), context: nil, location: nowhere)
    }
  }

  /// What a word that should name a context may have meant.
  var knownContexts: [DiagnosticList.Known] {
    draft.contexts.map { .init(name: $0.name.text, location: $0.name.location) }
  }
}
