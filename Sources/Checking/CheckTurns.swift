/// Whose turn it is where more checks are due than may go on at a time.
///
/// Services take turns, and half of the slots are kept for them in equal parts: however many endpoints of one service hang,
/// each other one has slots of its own, as long as there are no more services than half the slots. What is kept for a service
/// is not kept from it alone: of the other half a service may take all.
package struct CheckTurns: Sendable {
  private struct Service: Sendable {
    /// Endpoints that are due, the first from `head` on.
    var waiting: [Int] = []
    var head = 0
    var running = 0
  }

  /// How many may go on at a time.
  package let slots: Int
  /// Slots that are kept for each service.
  package let kept: Int
  /// How many go on.
  package private(set) var running = 0

  private var services: [Service]
  /// Services that have something waiting, each once, the first from `head` on.
  private var ring: [Int] = []
  private var head = 0
  /// Slots taken beyond those that are kept for who took them.
  private var shared = 0

  /// - Parameters:
  ///   - slots: how many may go on at a time.
  ///   - services: how many there are; they are numbers from 0.
  package init(slots: Int, services: Int) {
    self.slots = slots
    kept = services == 0 ? 0 : slots / 2 / services
    self.services = Array(repeating: Service(), count: services)
  }

  /// How many checks of a service go on.
  package func running(of service: Int) -> Int { services[service].running }

  /// An endpoint is due.
  package mutating func add(_ endpoint: Int, of service: Int) {
    if services[service].head == services[service].waiting.count { ring.append(service) }
    services[service].waiting.append(endpoint)
  }

  /// Takes a slot for the next one whose turn it is; nil where there is none, or none for those that wait.
  package mutating func next() -> Int? {
    for _ in 0..<(ring.count - head) where running < slots {
      let service = ring[head]
      head += 1
      if head >= 64, head * 2 >= ring.count {
        ring.removeFirst(head)
        head = 0
      }
      guard services[service].running < kept || shared < slots - kept * services.count else {
        ring.append(service)
        continue
      }
      let endpoint = services[service].waiting[services[service].head]
      services[service].head += 1
      if services[service].head == services[service].waiting.count {
        services[service].waiting.removeAll(keepingCapacity: true)
        services[service].head = 0
      } else {
        ring.append(service)
      }
      hold(service)
      return endpoint
    }
    return nil
  }

  /// A check of the service goes on that did so before there were these turns.
  package mutating func hold(_ service: Int) {
    services[service].running += 1
    running += 1
    if services[service].running > kept { shared += 1 }
  }

  /// A check of the service has ended.
  package mutating func end(_ service: Int) {
    if services[service].running > kept { shared -= 1 }
    services[service].running -= 1
    running -= 1
  }

  /// How many slots a service takes whose endpoints all hang.
  /// - Parameters:
  ///   - timeout: milliseconds until a check has failed.
  ///   - interval: milliseconds between two checks.
  package static func needed(endpoints: Int, timeout: UInt32, interval: UInt32) -> Int {
    // A check goes on for the time-out, and an endpoint has one at a time.
    let (time, every) = (UInt64(timeout), max(1, UInt64(interval)))
    return min(endpoints, Int((UInt64(endpoints) * time + every - 1) / every))
  }
}
