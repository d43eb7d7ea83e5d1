internal import Diagnostics
internal import Policy

/// What a load leaves of its policy to the next one: what reading it gave, and everything that was read for it.
///
/// It is taken over, neither read nor compiled again, where every text is the same octet for octet, and every question
/// that its `include` lines put to the system is answered as before. Files are told apart by numbers that change when
/// one is replaced; what counts is which paths are one file.
struct KeptPolicy: Sendable {
  fileprivate let texts: [PolicyTexts.Text]
  fileprivate let questions: [PolicyTexts.Question]
  let reading: PolicyReading
  private let compiled: CompiledPolicy

  fileprivate init(
    _ texts: [PolicyTexts.Text], _ questions: [PolicyTexts.Question], _ reading: PolicyReading,
    _ compiled: CompiledPolicy
  ) {
    self.texts = texts
    self.questions = questions
    self.reading = reading
    self.compiled = compiled
  }

  /// What the policy was compiled to; nil where this host's users have changed since.
  func compiled(for policy: Policy) -> CompiledPolicy? {
    let (services, known) = (policy.services, compiled.policy.services)
    guard services.count == known.count else { return nil }
    return services.indices.allSatisfy { services[$0].users == known[$0].users } ? compiled : nil
  }

  /// The same, with what the policy was compiled to for the users of now.
  func with(_ compiled: CompiledPolicy) -> KeptPolicy { KeptPolicy(texts, questions, reading, compiled) }
}

/// Reads a policy and notes what it was read from.
final class PolicyTexts {
  /// What was in a file that is read anyway.
  fileprivate struct Text: Hashable, Sendable {
    let path: String
    let fingerprint: TextFingerprint
  }

  /// What reading asked the system, and was told.
  fileprivate enum Question: Hashable, Sendable {
    case open(String, TextFingerprint)
    /// No names for what is no folder.
    case list(String, [String]?)
    case identity(String, [UInt64]?)
    /// A mistake; with one there is no policy to keep.
    case unreadable
  }

  private let files: [(path: String, text: [UInt8])]
  private let folder: PolicyFolder
  private var questions: [Question] = []
  private lazy var texts = files.map { Text(path: $0.path, fingerprint: TextFingerprint($0.text.span)) }

  init(_ files: [(path: String, text: [UInt8])], _ folder: PolicyFolder) {
    self.files = files
    self.folder = folder
  }

  /// True where a reading would read what an earlier one read.
  func areSame(as kept: KeptPolicy) -> Bool {
    guard texts == kept.texts else { return false }
    var before: [[UInt64]: [UInt64]] = [:]
    return kept.questions.allSatisfy { question in
      switch question {
      case .open(let path, _): return Self.opened(path, folder.open(path)) == question
      case .list(let path, _): return Self.listed(path, folder.list(path)) == question
      case .identity(let path, let known):
        let identity = folder.identity(path)
        guard let known, let identity else { return known == identity }
        // No two files of before are one now. One that two paths led to may be two: it was no mistake then, so it made
        // no difference.
        return before.updateValue(known, forKey: identity) ?? known == known
      case .unreadable: return false
      }
    }
  }

  /// Reads the policy.
  func read() -> PolicyReading {
    questions = []
    let folder = folder
    let noting = PolicyFolder(
      folder.path,
      open: { [self] path in
        let text = folder.open(path)
        questions.append(Self.opened(path, text))
        return text
      },
      list: { [self] path in
        let names = folder.list(path)
        questions.append(Self.listed(path, names))
        return names
      },
      identity: { [self] path in
        let identity = folder.identity(path)
        questions.append(.identity(path, identity))
        return identity
      })
    return Policy.read(files, including: noting)
  }

  /// What to keep of what ``read()`` gave.
  func keep(_ reading: PolicyReading, _ compiled: CompiledPolicy) -> KeptPolicy {
    KeptPolicy(texts, questions, reading, compiled)
  }

  private static func opened(_ path: String, _ text: Result<[UInt8], PolicyFolder.Unreadable>) -> Question {
    guard case .success(let octets) = text else { return .unreadable }
    return .open(path, TextFingerprint(octets.span))
  }

  private static func listed(_ path: String, _ names: Result<[String], PolicyFolder.Unreadable>?) -> Question {
    switch names {
    case .success(let names)?: .list(path, names)
    case nil: .list(path, nil)
    case .failure?: .unreadable
    }
  }
}
