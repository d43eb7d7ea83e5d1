package import Diagnostics

/// Who of this host's users may lease a context, beside root and the server's own user.
package struct Leasing: Hashable, Sendable {
  /// Names or numbers, as written.
  package var users: [String] = []
  package var isForAll = false
  package var location: SourceLocation

  package init(location: SourceLocation) { self.location = location }

  /// As a policy would write it, but for its place: what is the same is equal.
  package var text: String {
    (["leases"] + (isForAll ? ["*"] : []) + users.sorted()).joined(separator: " ")
  }
}

extension Policy {
  /// True where some context can be leased.
  package var hasLeases: Bool { contextDetails.contains { $0.leasing != nil } }
}
