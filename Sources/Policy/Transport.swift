package import Diagnostics

// What a policy says of messages rather than of names and callers.

/// What the server calls itself to those who ask with NSID (RFC 5001).
package enum NSID: Hashable, Sendable {
  /// Nothing, as NSD and BIND do by default: a machine's name is its operator's to tell. Knot tells it.
  case off
  /// The machine's host name.
  case hostName
  case octets([UInt8])

  /// Octets it may have: more would leave too little room for the answer beside it.
  package static let sizes = 1...128
}

/// What becomes of DNS cookies (RFC 7873).
public enum CookieMode: String, CaseIterable, Sendable, BitwiseCopyable {
  /// A client cookie gets a server cookie.
  case on
  /// And over UDP whoever sends a client cookie without a good server cookie gets BADCOOKIE.
  case require
  /// The option is passed over.
  case off
}

/// What server cookies are made with.
package struct CookieSecret: Hashable, Sendable {
  package let source: Source
  package let location: SourceLocation

  /// One or two secrets of 16 octets, the first makes cookies; or the file that has them.
  package enum Source: Hashable, Sendable {
    case octets([[UInt8]])
    case file(String)
  }

  package static let octetCount = 16
}

/// The order of the RRs of a set (RFC 1034 §3.6 says that there is none).
package enum AnswerOrder: String, CaseIterable, Sendable {
  /// Another one is first from answer to answer, so that clients that take the first are spread.
  case rotate
  /// As written.
  case fixed
}
