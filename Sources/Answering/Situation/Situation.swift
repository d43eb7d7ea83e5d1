package import Addresses
package import FlatMemory
internal import Policy

/// What a server has found out while it runs, and its answers rest on beside the configuration: which endpoints are
/// well, and which calls close a cycle.
///
/// Immutable and replaced as a whole, with the snapshot that has it: answers stay a function of their snapshot.
package final class Situation: Sendable {
  /// Which endpoints are not well.
  package let endpoints: EndpointStates
  /// Calls that close a cycle among those that were seen, which `acyclic observed` refuses.
  package let closingCalls: CallSet
  /// How long lookups take of services that are elsewhere.
  package let lookups: LookupTimes

  package init(
    endpoints: EndpointStates = EndpointStates(), closingCalls: CallSet = CallSet(),
    lookups: LookupTimes = LookupTimes()
  ) {
    self.endpoints = endpoints
    self.closingCalls = closingCalls
    self.lookups = lookups
  }

  /// Nothing is known: everything is well.
  package static let unknown = Situation()
}

/// Endpoints of services that are down, and what is known of services: all that is not in it is well.
package final class EndpointStates: Sendable {
  /// How a service is.
  package enum ServiceState: UInt8, Sendable, BitwiseCopyable {
    /// All that is known of it is good.
    case well
    /// At least one of its endpoints is down, or about to be taken for it: what is answered may soon be different.
    case unsettled
    /// Its circuit breaker is open: none of its endpoints is given, `fail` says what is answered.
    case broken
  }

  /// A sentence on one endpoint, which only those are told who may have its address.
  package struct Note: Hashable, Sendable {
    package let address: IPAddress
    package let text: String

    package init(_ address: IPAddress, _ text: String) { (self.address, self.text) = (address, text) }
  }

  /// What makes the states.
  package struct Row: Hashable, Sendable {
    /// A service's number, from 1.
    package var service: UInt32
    package var state: ServiceState
    package var down: Set<IPAddress>
    /// The text of its `_timeout` TXT record; empty where there are no times yet.
    package var timeoutText: String
    /// Labels of the service's name, the root not counted.
    package var labelCount = 0
    /// What is said of endpoints that are down to who asks why and may have them; not of all, where they are many.
    package var notes: [Note]

    package init(
      service: UInt32, state: ServiceState, down: Set<IPAddress> = [], timeoutText: String = "", notes: [Note] = []
    ) {
      self.notes = notes
      self.service = service
      self.state = state
      self.down = down
      self.timeoutText = timeoutText
    }
  }

  /// By service, 0 for none; nothing for those beyond the end.
  private let states: FlatArray<ServiceState>
  /// Addresses that are down, of all services: open addressing, a power of two of slots, at most half of them taken.
  private let down: FlatArray<Slot>
  /// By service, for the control plane and for `_timeout`.
  private let texts: [UInt32: TimeoutText]
  /// By service, for who asks why.
  private let notes: [UInt32: [FlatNote]]

  private struct Slot: BitwiseCopyable {
    /// 0 where the slot is free.
    var service: UInt32 = 0
    var address = IPAddress(v4: 0)
  }

  /// A note whose octets a query's path may copy.
  package final class FlatNote: Sendable {
    package let address: IPAddress
    package let octets: FlatArray<UInt8>

    init(_ note: Note) {
      address = note.address
      octets = FlatArray(Array(note.text.utf8))
    }
  }

  /// What `_timeout` says of a service.
  package final class TimeoutText: Sendable {
    package let octets: FlatArray<UInt8>
    /// Labels of the service's name, the root not counted.
    package let labelCount: Int

    init(_ text: String, labelCount: Int) {
      octets = FlatArray(Array(text.utf8))
      self.labelCount = labelCount
    }
  }

  package init(_ rows: [Row] = []) {
    var states = Array(repeating: ServiceState.well, count: rows.map { Int($0.service) + 1 }.max() ?? 0)
    var texts: [UInt32: TimeoutText] = [:]
    var notes: [UInt32: [FlatNote]] = [:]
    let count = rows.reduce(0) { $0 + $1.down.count }
    var slots = Array(repeating: Slot(), count: count == 0 ? 0 : 1 << (Int.bitWidth - (2 * count).leadingZeroBitCount))
    for row in rows {
      states[Int(row.service)] = row.state
      if !row.notes.isEmpty { notes[row.service] = row.notes.map(FlatNote.init) }
      if !row.timeoutText.isEmpty { texts[row.service] = TimeoutText(row.timeoutText, labelCount: row.labelCount) }
      for address in row.down {
        var index = Self.hash(row.service, address) & (slots.count - 1)
        while slots[index].service != 0 { index = (index + 1) & (slots.count - 1) }
        slots[index] = Slot(service: row.service, address: address)
      }
    }
    self.states = FlatArray(states)
    self.texts = texts
    self.notes = notes
    down = FlatArray(slots)
  }

  /// How a service is, by number.
  package func state(of service: UInt32) -> ServiceState {
    Int(service) < states.count ? states[Int(service)] : .well
  }

  /// True where an endpoint of a service is known to be down.
  package func isDown(_ address: IPAddress, of service: UInt32) -> Bool {
    if down.count == 0 { return false }
    var index = Self.hash(service, address) & (down.count &- 1)
    while down[index].service != 0 {
      if down[index].service == service, down[index].address == address { return true }
      index = (index &+ 1) & (down.count &- 1)
    }
    return false
  }

  /// What `_timeout.SERVICE TXT` says; nil where there are no times yet.
  package func timeoutText(of service: UInt32) -> TimeoutText? { texts.isEmpty ? nil : texts[service] }

  /// What is said of endpoints that are down to who asks why, a sentence each; of all contexts.
  package func notes(of service: UInt32) -> [FlatNote] { notes[service] ?? [] }

  private static func hash(_ service: UInt32, _ address: IPAddress) -> Int {
    var mixed = (address.high ^ UInt64(service) &* 0x9e37_79b9_7f4a_7c15) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 29 ^ address.low) &* 0x94d0_49bb_1331_11eb
    return Int(truncatingIfNeeded: (mixed ^ mixed >> 32) & 0x7fff_ffff)
  }
}
