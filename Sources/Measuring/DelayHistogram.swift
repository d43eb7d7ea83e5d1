internal import Metrics

/// Delays drawn as bars, one line a range; ranges grow with the delay, 1, 1.5, 2, 3, 5, 7 times a power of ten.
package enum DelayHistogram {
  static let steps: [UInt64] = [100, 150, 200, 300, 500, 700]

  /// - Parameter delays: in nanoseconds, in any order.
  /// - Returns: lines with their ends; empty where there are no delays.
  package static func text(_ delays: [UInt64], width: Int = 50) -> String {
    guard let least = delays.min(), let most = delays.max() else { return "" }
    var edges = edges(from: least, to: most)
    // Fewer ranges, each wider, say the same where there would be too many lines.
    while edges.count > 24 { edges = edges.enumerated().filter { $0.offset % 3 == 0 }.map(\.element) }
    if let last = edges.last, last <= most { edges.append(UInt64.max) }
    var counts = [Int](repeating: 0, count: max(1, edges.count - 1))
    for delay in delays { counts[max(0, (edges.firstIndex { $0 > delay } ?? edges.count - 1) - 1)] += 1 }
    let highest = counts.max() ?? 1
    var text = ""
    for (index, count) in counts.enumerated() {
      let bar = count == 0 ? 0 : max(1, (count * width + highest / 2) / highest)
      let from = timeText(seconds: Double(edges[index]) * 1e-9)
      text += "\(from.leftPadded(to: 10)) │\(String(repeating: "█", count: bar)) \(count == 0 ? "" : String(count))"
      while text.last == " " { text.removeLast() }
      text += "\n"
    }
    return text
  }

  /// The edges around all delays, ascending: the first is no larger than `least`, the last above `most` where one exists.
  private static func edges(from least: UInt64, to most: UInt64) -> [UInt64] {
    var edges: [UInt64] = []
    var scale: UInt64 = 1
    while true {
      for step in steps {
        let (edge, overflow) = (step).multipliedReportingOverflow(by: scale)
        if overflow { return edges }
        if edge <= least { edges = [edge] } else { edges.append(edge) }
        if edges.count == 1, edge > least { edges = [0, edge] }
        if edge > most { return edges }
      }
      let (next, overflow) = scale.multipliedReportingOverflow(by: 10)
      if overflow { return edges }
      scale = next
    }
  }
}

extension String {
  /// With blanks in front, so that columns of numbers end together.
  func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
