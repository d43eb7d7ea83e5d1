internal import Addresses
internal import DNSFormat
package import Diagnostics

/// What reading policy files gave.
package struct PolicyReading {
  /// Nil where there are errors.
  package let policy: Policy?
  /// All errors and warnings, in order of place.
  package let diagnostics: [Diagnostic]
  /// The files that `include` lines named, by their paths.
  package let includedFiles: [String]
}

extension Policy {
  /// Reads a directory's policy files, and those they include.
  ///
  /// Total: any octets give a policy or at least one error. Whatever has a name may be declared in any file and any
  /// order. No files at all are a policy too: everyone may call everything.
  /// - Parameters:
  ///   - files: those that are read anyway, in the order of their names.
  ///   - folder: where `include` finds more.
  package static func read(
    _ files: [(path: String, text: [UInt8])], including folder: PolicyFolder
  ) -> PolicyReading {
    var diagnostics = DiagnosticList()
    var parsed = files.map { file in
      (path: file.path, statements: StatementParser.parse(file: file.path, text: file.text, &diagnostics))
    }
    let origin = commonOrigin(parsed)
    var includes = IncludeReader(folder, readAnyway: files.map(\.path))
    for index in parsed.indices { includes.follow(&parsed[index].statements, of: parsed[index].path, &diagnostics) }
    let networks = NetworkTable(parsed.map(\.statements), &diagnostics)
    var reader = PolicyReader(networks, diagnostics)
    for file in parsed { reader.readStatements(file.statements, origin: origin) }
    var resolver = PolicyResolver(reader.draft, reader.diagnostics)
    var policy = resolver.resolve()
    policy.origin = origin
    // What seems odd in a policy that has errors may be because of them.
    if !resolver.diagnostics.all.hasErrors {
      reader.networks.warnOfUnused(&resolver.diagnostics)
      resolver.policy = policy
      resolver.findDoubts()
    }
    let found = resolver.diagnostics.all.inOrder
    return PolicyReading(
      policy: found.hasErrors ? nil : policy, diagnostics: found, includedFiles: includes.included)
  }

  /// Reads policy files that include no others.
  /// - Parameter files: in the order of their names.
  /// - Returns: the policy, nil where there are errors; and all errors and warnings, in order of place.
  package static func read(_ files: [(path: String, text: [UInt8])]) -> (policy: Policy?, diagnostics: [Diagnostic]) {
    let reading = read(files, including: .nothing)
    return (reading.policy, reading.diagnostics)
  }

  /// The origin of files that say none: that of ambit.policy, else the first that any file says.
  private static func commonOrigin(_ files: [(path: String, statements: [Statement])]) -> DomainName? {
    let main = files.filter { $0.path == "ambit.policy" || $0.path.hasSuffix("/ambit.policy") }
    for file in main + files {
      for statement in file.statements {
        if let origin = originName(statement) { return origin }
      }
    }
    return nil
  }
}
