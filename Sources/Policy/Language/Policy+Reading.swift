internal import Addresses
internal import DNSFormat
package import Diagnostics

extension Policy {
  /// Reads a directory's policy files.
  ///
  /// Total: any octets give a policy or at least one error. Contexts and services may be declared in any file and any
  /// order. No files at all are a policy too: everyone may call everything.
  /// - Parameter files: in the order of their names.
  /// - Returns: the policy, nil where there are errors; and all errors and warnings, in order of place.
  package static func read(_ files: [(path: String, text: [UInt8])]) -> (policy: Policy?, diagnostics: [Diagnostic]) {
    var diagnostics = DiagnosticList()
    let parsed = files.map { file in
      (path: file.path, statements: StatementParser.parse(file: file.path, text: file.text, &diagnostics))
    }
    let origin = commonOrigin(parsed)
    var reader = PolicyReader(diagnostics)
    for file in parsed { reader.readFile(file.statements, origin: origin) }
    var resolver = PolicyResolver(reader.draft, reader.diagnostics)
    var policy = resolver.resolve()
    policy.origin = origin
    let found = resolver.diagnostics.all.inOrder
    return (found.hasErrors ? nil : policy, found)
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
