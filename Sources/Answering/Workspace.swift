internal import DNSFormat

/// What answering writes on: one for each worker, reused for every query.
public struct Workspace: ~Copyable {
  /// The QNAME; while an alias's chain is followed, the name it has come to.
  var name = NameKey()
  /// A wildcard, or the target of an MX, NS or SRV.
  var other = NameKey()
  var query = Query()
  var answer = Answer()
  var writer = ResponseWriter()

  /// A workspace that has answered nothing.
  public init() {}
}
