package import Diagnostics

/// When a log's file is moved aside, and how many of those are kept: PATH.1 is the youngest.
package struct LogRotation: Hashable, Sendable {
  /// Octets that a file has at most.
  package var size: UInt64
  package var keep: Int

  /// - Parameters:
  ///   - size: octets that a file has at most.
  ///   - keep: files moved aside that stay.
  package init(size: UInt64, keep: Int) {
    self.size = size
    self.keep = keep
  }
}

/// Which queries a log has.
package struct LogChoice: Hashable, Sendable {
  package enum Scope: String, CaseIterable, Hashable, Sendable {
    /// What was refused, or would have been.
    case refused
    case all
  }

  package var scope = Scope.all
  /// Of those in scope, one in so many, drawn at random; 1 for each.
  package var sample: UInt32 = 1

  package init(_ scope: Scope = .all, oneIn sample: UInt32 = 1) {
    self.scope = scope
    self.sample = sample
  }
}

/// Where queries are logged, as JSON lines.
package struct QueryLog: Hashable, Sendable {
  /// As written: relative to where the server was started.
  package var path: String
  package var choice = LogChoice()
  package var rotation: LogRotation?
  package var location: SourceLocation

  package init(path: String, location: SourceLocation = SourceLocation(file: "")) {
    self.path = path
    self.location = location
  }
}

/// Where the metrics are written, as JSON lines.
package struct MetricsLog: Hashable, Sendable {
  /// nil where the policy says `off`.
  package var path: String?
  /// In seconds.
  package var interval: UInt32
  package var rotation: LogRotation?
  package let location: SourceLocation

  package init(path: String?, interval: UInt32, rotation: LogRotation? = nil, location: SourceLocation) {
    self.path = path
    self.interval = interval
    self.rotation = rotation
    self.location = location
  }
}

/// Where queries and responses are handed to dnstap's collectors, whole.
package struct Dnstap: Hashable, Sendable {
  package enum Destination: Hashable, Sendable {
    /// A file of Frame Streams.
    case file(String)
    /// The socket file where a collector listens.
    case socket(String)

    /// Octets that the path of a socket may have.
    package static let longestSocketPath = 107

    /// What an option says: `PATH` or `unix:PATH`; nil for no path, or one too long for a socket.
    package init?(_ text: String) {
      let path = text.hasPrefix("unix:") ? text.dropFirst(5) : text[...]
      if path.isEmpty { return nil }
      if path.count == text.count {
        self = .file(text)
      } else {
        guard path.utf8.count <= Self.longestSocketPath else { return nil }
        self = .socket(String(path))
      }
    }

    /// As written: relative to where the server was started.
    package var path: String {
      switch self {
      case .file(let path), .socket(let path): path
      }
    }
  }

  package var destination: Destination
  package var choice = LogChoice()
  /// Of a file.
  package var rotation: LogRotation?
  package var location: SourceLocation

  package init(_ destination: Destination, location: SourceLocation = SourceLocation(file: "")) {
    self.destination = destination
    self.location = location
  }
}
