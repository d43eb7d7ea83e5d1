internal import DNSFormat

extension HealthCheck: CustomStringConvertible {
  /// As a policy has it, all that is taken for granted written out: `http :8080/healthz 200-399 every 5s timeout 2s up 2 down 3`.
  package var description: String {
    "\(probe) every \(durationText(interval)) timeout \(durationText(timeout)) up \(up) down \(down)"
  }
}

extension HealthCheck.Probe: CustomStringConvertible {
  /// `tcp 8080`
  package var description: String {
    switch self {
    case .tcp(let port): return "tcp \(port)"
    case .http(let host, let port, let path, let status):
      let range =
        status.count == 1 ? "\(status.lowerBound)" : "\(status.lowerBound)-\(status.upperBound)"
      return "http \(host ?? ""):\(port)\(path) \(range)"
    case .dns(let name, let port): return "dns \(name) \(port)"
    case .exec(let command): return "exec \(command.joined(separator: " "))"
    }
  }
}
