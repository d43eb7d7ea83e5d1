internal import Addresses
package import Diagnostics
public import FlatMemory

/// Works out who asks: a source address and a listener in, a context and a service out.
///
/// One walk of a prefix table and one read, where nothing but the source is known; allocates nothing.
public struct CallerTable: ~Copyable, Sendable {
  /// Source prefixes, of `from` and of `runs-at` lines, to a place in `bySource`.
  @usableFromInline let sources: PrefixTable
  /// Who asks from a source, as far as that tells: for each prefix its own line and the one around it. First, who is in none.
  @usableFromInline let bySource: FlatArray<Caller>
  /// Common names and users to the number of the line that says them.
  @usableFromInline let identities: IdentityTable
  @usableFromInline let users: UserTable
  /// By service number: its first `identity` line; 0 where it has none.
  @usableFromInline let identityBasis: FlatArray<UInt32>
  /// By the number of a line: the context or service it speaks of.
  @usableFromInline let owners: FlatArray<UInt32>
  /// By context: the line by which its listener claims callers; 0 where it has none.
  @usableFromInline let listenBasis: FlatArray<UInt32>
  /// By the number of a line, for people: `from 10.30.1.0/24 (ambit.policy:14)`.
  private let texts: TextTable
  private let bases: [Basis]

  /// A line of the policy that says who a caller is.
  package struct Basis: Hashable, Sendable {
    /// `from 10.30.1.0/24`, `listen 127.0.0.54:53`, `runs-at ::1`, `context default`.
    package let text: String
    package let location: SourceLocation
  }

  init(_ policy: borrowing Policy) {
    var builder = Builder()
    var prefixes: [(prefix: Prefix, value: UInt32)] = []
    for (number, context) in policy.contextDetails.enumerated().dropFirst() {
      for from in context.from {
        prefixes.append((from.prefix, builder.add(UInt32(number), "from \(from.prefix)", from.location)))
      }
    }
    let firstOfServices = builder.owners.count
    for (index, service) in policy.services.enumerated() {
      for prefix in service.runsAt {
        let line = builder.add(UInt32(index + 1), "runs-at \(prefix.prefix)", prefix.location)
        prefixes.append((prefix.prefix, line))
      }
    }
    var names: [(name: String, line: UInt32)] = []
    var users: [(number: UInt32, line: UInt32)] = []
    var identityBasis: [UInt32] = [0]
    for (index, service) in policy.services.enumerated() {
      let first = names.count
      for identity in service.identities {
        let text = "identity \(quoted(identity.commonName))"
        names.append((identity.commonName, builder.add(UInt32(index + 1), text, identity.location)))
      }
      identityBasis.append(names.count > first ? names[first].line : 0)
      for user in service.users {
        guard let number = user.number else { continue }  // no user of this host, so nobody here is it
        users.append((number, builder.add(UInt32(index + 1), "uid \(visible(user.text))", user.location)))
      }
    }
    identities = IdentityTable(names)
    self.users = UserTable(users)
    self.identityBasis = FlatArray(identityBasis)
    var listenBasis = Array(repeating: UInt32(0), count: policy.contexts.nodes.count)
    for listen in policy.listens {
      guard let context = listen.context, listenBasis[context] == 0 else { continue }
      listenBasis[context] = builder.add(UInt32(context), "listen \(listen.address)", listen.location)
    }
    var other = Caller(context: 0, isPlaced: policy.contexts.count == 0)
    if let context = policy.defaultContext {
      let line = builder.add(UInt32(context), "context default", policy.contextDetails[context].location)
      other = Caller(context: UInt16(context), contextBasis: line)
    }
    self.listenBasis = FlatArray(listenBasis)
    // A longer prefix changes one of the two, the context or the service, and leaves the other as it is around it.
    var callers = [other]
    sources = PrefixTable(prefixes) { outer, line in
      var caller = callers[Int(outer)]
      if Int(line) < firstOfServices {
        caller.context = UInt16(builder.owners[Int(line)])
        caller.isPlaced = true
        caller.contextBasis = line
      } else {
        caller.service = builder.owners[Int(line)]
        caller.serviceBasis = line
        caller.identification = .address
      }
      callers.append(caller)
      return UInt32(callers.count - 1)
    }
    bySource = FlatArray(callers)
    owners = FlatArray(builder.owners)
    texts = TextTable(builder.texts)
    bases = builder.bases
  }

  /// Who the evidence shows.
  ///
  /// Its context is that of the listener, where a context claims the listener; else that of the longest `from`; else
  /// `context default`; else it is not placed. Where no contexts are declared everyone is placed in the root. Its service
  /// is that of its certificate, else that of its user, else that of the longest `runs-at`.
  @inlinable @inline(__always)
  public func caller(_ evidence: Evidence) -> Caller {
    var caller = bySource[Int(sources.value(for: evidence.source))]
    caller.addressSource = evidence.addressSource
    if let context = evidence.listenerContext {
      caller.context = context
      caller.isPlaced = true
      caller.contextBasis = listenBasis[Int(context)]
    }
    if evidence.certificateService == nil, evidence.user == nil { return caller }
    Self.note(evidence, in: &caller, owners, identityBasis, userNumbers: users.numbers, userLines: users.lines)
    return caller
  }

  /// Writes into a caller what service it is by other evidence than its source. A certificate decides alone, also one whose
  /// name is nobody's: its holder is not who its address says.
  ///
  /// Takes arrays, not the table: a call with that would copy it onto the stack, before most queries need no call.
  @usableFromInline @inline(never) static func note(
    _ evidence: Evidence, in caller: inout Caller, _ owners: borrowing FlatArray<UInt32>,
    _ identityBasis: borrowing FlatArray<UInt32>, userNumbers: borrowing FlatArray<UInt32>,
    userLines: borrowing FlatArray<UInt32>
  ) {
    if let service = evidence.certificateService {
      caller.service = service
      caller.serviceBasis = evidence.certificateBasis != 0 ? evidence.certificateBasis : identityBasis[Int(service)]
      caller.identification = .certificate
      return
    }
    guard let user = evidence.user, case let line = UserTable.line(of: user, userNumbers, userLines), line != 0
    else { return }
    caller.service = owners[Int(line)]
    caller.serviceBasis = line
    caller.identification = .user
  }

  /// The number of the service whose `identity` a certificate's common name is; 0 where there is none.
  @inlinable public func service(ofCommonName name: Span<UInt8>) -> UInt32 { owners[Int(identities.line(of: name))] }

  /// Writes into the evidence whose certificate it is that has this common name, which was verified.
  @inlinable public func note(commonName name: Span<UInt8>, in evidence: inout Evidence) {
    let line = identities.line(of: name)
    evidence.certificateService = owners[Int(line)]
    evidence.certificateBasis = line
  }

  /// True where a user's number can make a caller a service: otherwise none need be looked up.
  @inlinable public var hasUsers: Bool { !users.isEmpty }

  /// True where a user is a service.
  @inlinable public func isService(user: UInt32) -> Bool { users.line(of: user) != 0 }

  /// The line behind a `contextBasis` or `serviceBasis`; nil for 0.
  package func basis(_ number: UInt32) -> Basis? { number == 0 ? nil : bases[Int(number) - 1] }

  /// Appends `from 10.30.1.0/24 (ambit.policy:14)`; nothing for 0.
  package func appendBasis(_ number: UInt32, to buffer: inout OctetBuffer) { texts.append(number, to: &buffer) }

  private struct Builder {
    var owners: [UInt32] = [0]
    var bases: [Basis] = []
    var texts = TextTable.Builder()

    /// The number of a new line.
    mutating func add(_ owner: UInt32, _ text: String, _ location: SourceLocation) -> UInt32 {
      owners.append(owner)
      bases.append(Basis(text: text, location: location))
      return texts.add("\(text) (\(location.short))")
    }
  }
}
