internal import Addresses
internal import FlatMemory
internal import Policy

/// A service's endpoints as one caller is steered among them.
struct SteeringView: BitwiseCopyable {
  /// What the service says.
  let row: SteeringTable.Row
  let callerContext: UInt16
  /// True where `isolate` keeps endpoints from the caller: steering never shows what it hides.
  let isFiltering: Bool
  /// True where the service's circuit breaker is open: none of its endpoints counts as well.
  let isBroken: Bool
  /// Which of a thousand callers this is for the service.
  let place: UInt32
  /// True where the caller gets the canary and nothing else.
  var getsCanary = false
  /// Only endpoints in this context count; 0 for all.
  var ring: UInt16 = 0
  /// Not those in contexts within it.
  var isInnerLeftOut = false

  init(
    _ row: SteeringTable.Row, _ snapshot: Snapshot, callerContext: UInt16, isFiltering: Bool, address: IPAddress
  ) {
    self.row = row
    self.callerContext = callerContext
    self.isFiltering = isFiltering
    isBroken = snapshot.situation.endpoints.state(of: row.service) == .broken
    place = row.hasCanaries ? snapshot.policy.steering.place(of: address, row) : 0
  }
}

/// What an endpoint is to a caller.
enum Standing: UInt8, BitwiseCopyable, Comparable {
  /// Kept from the caller by `isolate`.
  case hidden
  /// Not to be given: drained, of the colour that is not live, another caller's canary, or too far away.
  case out
  /// To be given, and known to be down.
  case down
  /// To be given, and as far as is known well.
  case well

  static func < (left: Standing, right: Standing) -> Bool { left.rawValue < right.rawValue }
}

/// How many endpoints there are for a caller.
struct EndpointCounts: BitwiseCopyable {
  /// That the caller may have.
  var total = 0
  /// Of these, that are to be given.
  var candidates = 0
  /// Of these, that are well.
  var well = 0

  mutating func add(_ standing: Standing) {
    if standing > .hidden { total &+= 1 }
    if standing > .out { candidates &+= 1 }
    if standing == .well { well &+= 1 }
  }

  /// True where some are well, and no fewer than `floor` percent.
  func suffice(floor: Int) -> Bool { well > 0 && well &* 100 >= floor &* candidates }
}

extension Snapshot {
  /// What an endpoint is to a caller. The order of steps: isolate, drain, colour, canary, near, down.
  func standing(of address: IPAddress, _ mark: SteeringTable.Mark, _ view: SteeringView) -> Standing {
    if view.isFiltering, policy.isIsolated(callerContext: view.callerContext, endpoint: address) { return .hidden }
    if mark.isDrained || view.row.live != 0 && mark.colour != 0 && mark.colour != view.row.live { return .out }
    if view.getsCanary {
      if view.place < mark.canaryStart || view.place >= mark.canaryEnd { return .out }
    } else if mark.isCanary {
      return .out
    }
    if view.ring != 0 {
      let context = policy.endpoints.context(of: address)
      if view.isInnerLeftOut ? context != view.ring : !policy.steering.isContext(context, in: view.ring) { return .out }
    }
    return view.isBroken || situation.endpoints.isDown(address, of: view.row.service) ? .down : .well
  }
}
