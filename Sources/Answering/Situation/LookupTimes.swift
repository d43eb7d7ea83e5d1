internal import FlatMemory

/// How long it takes to ask others for names of services that are elsewhere: what `_timeout.SERVICE TXT` says of those.
///
/// By service and by who is asked: a service's names may go one way in one context and another in the next.
package final class LookupTimes: Sendable {
  /// A service, by the numbers of one snapshot, and the servers that its names are asked of.
  package struct Key: Hashable, Sendable {
    package var service: UInt32
    /// ``Policy/ForwardTable/fingerprint(of:)``
    package var route: UInt64

    package init(service: UInt32, route: UInt64) { (self.service, self.route) = (service, route) }
  }

  private let texts: [Key: EndpointStates.TimeoutText]
  /// True where there are none.
  let isEmpty: Bool

  /// - Parameter texts: with the labels of the services' names, the root not counted.
  package init(_ texts: [Key: (text: String, labelCount: Int)] = [:]) {
    self.texts = texts.mapValues { EndpointStates.TimeoutText($0.text, labelCount: $0.labelCount) }
    isEmpty = texts.isEmpty
  }

  /// The text; nil where there are no times yet.
  package func text(of service: UInt32, route: UInt64) -> EndpointStates.TimeoutText? {
    texts[Key(service: service, route: route)]
  }
}
