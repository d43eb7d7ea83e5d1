package import Diagnostics

/// `measure`: which queries are timed.
package struct QueryTiming: Sendable {
  package enum Share: Equatable, Sendable {
    case all
    /// One in so many: 2 or more.
    case every(Int)
    case none
  }

  package var share = Share.all
  /// No place where it is not written.
  package var location = SourceLocation(file: "")

  package init() {}

  init(_ share: Share, location: SourceLocation) {
    self.share = share
    self.location = location
  }

  /// As it is written, without the keyword.
  package var text: String {
    switch share {
    case .all: "all"
    case .every(let number): "every \(number)"
    case .none: "off"
    }
  }
}
