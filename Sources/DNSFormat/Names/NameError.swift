/// What can be wrong with a domain name, in text or on the wire.
package enum NameError: Error, Hashable, Sendable {
  /// Two dots in a row, or a name that starts with one.
  case emptyLabel
  /// A label of more than 63 octets.
  case longLabel
  /// More than 255 octets in all.
  case longName
  /// A backslash at the end, `\300`, or `\1` without three digits.
  case badEscape
  /// The octets end before the root label, or go on after it.
  case unterminated
  /// A relative name where no origin is known.
  case noOrigin
}

extension NameError: CustomStringConvertible {
  /// What is wrong and the rule it breaks, as the middle of a diagnostic.
  package var description: String {
    switch self {
    case .emptyLabel: "has an empty label (RFC 1035 §3.1); remove the extra dot"
    case .longLabel: "has a label of more than 63 octets (RFC 1035 §2.3.4); shorten it"
    case .longName: "has more than 255 octets (RFC 1035 §2.3.4); shorten it"
    case .badEscape: "has a bad escape (RFC 1035 §5.1); write \\. or \\DDD with three digits up to 255"
    case .unterminated: "does not end where its data ends; give all of it"
    case .noOrigin: "is relative and there is no origin; end it with a dot"
    }
  }
}
