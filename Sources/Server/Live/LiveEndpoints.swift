/// What is shown of services whose endpoints are checked.
extension LiveState.CheckedService {
  private static let most = 256
  private static let mostDown = 64

  /// Those that are not well first.
  static func rows(_ contents: HealthBoard.Contents) -> (rows: [Self], leftOut: Int) {
    let services = contents.services.filter { $0.downCount > 0 } + contents.services.filter { $0.downCount == 0 }
    return (services.prefix(most).map(Self.init), max(0, services.count - most))
  }

  private init(_ service: HealthBoard.Service) {
    self.init(
      service: clipped(service.name), check: clipped(service.check), place: clipped(service.place),
      isBroken: service.isBroken, count: service.count, downCount: service.downCount,
      times: service.times.isEmpty ? nil : service.times,
      down: service.endpoints.lazy.filter { !$0.isUp }.prefix(Self.mostDown).map {
        LiveState.Endpoint(
          address: $0.address, since: timeOfDay($0.since), reason: clipped($0.reason ?? "", to: 200))
      })
  }
}
