/// Ways of a graph's edges between its boxes: each begins and ends at a place of its own along a box's side, and passes the
/// rows between through gaps, so that no box hides it.
struct GraphRouting {
  /// By edge: the path's data.
  private(set) var ways: [String] = []
  private let layout: GraphLayout
  private let rows: [Row]
  /// Ways through a gap so far: the next ones run beside them.
  private var taken: [[Int]: Int] = [:]

  private struct Row {
    var top = Int.max
    var bottom = 0
    var boxes: [GraphLayout.Box] = []
  }

  init(_ graph: CallDrawing, _ layout: GraphLayout) {
    self.layout = layout
    var rows = [Row](repeating: Row(), count: (layout.boxes.map(\.row).max() ?? -1) + 1)
    for box in layout.boxes.sorted(by: { $0.x < $1.x }) {
      rows[box.row].top = min(rows[box.row].top, box.y)
      rows[box.row].bottom = max(rows[box.row].bottom, box.bottom)
      rows[box.row].boxes.append(box)
    }
    self.rows = rows
    let ports = Self.ports(graph, layout)
    for (index, edge) in graph.edges.enumerated() {
      ways.append(way(from: layout.boxes[edge.from], ports[index].start, to: layout.boxes[edge.to], ports[index].end))
    }
  }

  /// Where each edge begins and ends along its boxes' sides, in the order of the boxes at its other end.
  private static func ports(_ graph: CallDrawing, _ layout: GraphLayout) -> [(start: Int, end: Int)] {
    struct Side: Hashable {
      let node: Int
      let isBottom: Bool
    }
    struct Port {
      let edge: Int
      let isStart: Bool
      let other: Int
    }
    var sides: [Side: [Port]] = [:]
    for (index, edge) in graph.edges.enumerated() {
      let (from, to) = (layout.boxes[edge.from], layout.boxes[edge.to])
      sides[Side(node: edge.from, isBottom: from.row <= to.row), default: []].append(
        Port(edge: index, isStart: true, other: to.middle))
      sides[Side(node: edge.to, isBottom: from.row >= to.row), default: []].append(
        Port(edge: index, isStart: false, other: from.middle))
    }
    var ports = [(start: Int, end: Int)](repeating: (0, 0), count: graph.edges.count)
    for (side, members) in sides {
      let box = layout.boxes[side.node]
      for (rank, port) in members.sorted(by: { ($0.other, $0.edge) < ($1.other, $1.edge) }).enumerated() {
        let x = box.x + box.width / 5 + box.width * 3 / 5 * (2 * rank + 1) / (2 * members.count)
        if port.isStart { ports[port.edge].start = x } else { ports[port.edge].end = x }
      }
    }
    return ports
  }

  private mutating func way(from: GraphLayout.Box, _ start: Int, to: GraphLayout.Box, _ end: Int) -> String {
    if from.row == to.row {
      let low = rows[from.row].bottom + 30
      return "M\(start) \(from.bottom)C\(start) \(low) \(end) \(low) \(end) \(to.bottom)"
    }
    let isDown = from.row < to.row
    var (x, y) = (start, isDown ? from.bottom : from.y)
    var way = "M\(x) \(y)"
    func curve(_ nextX: Int, _ nextY: Int) {
      let bend = (nextY - y) / 2
      way += "C\(x) \(y + bend) \(nextX) \(nextY - bend) \(nextX) \(nextY)"
      (x, y) = (nextX, nextY)
    }
    let between = isDown ? Array((from.row + 1)..<to.row) : Array((to.row + 1)..<from.row).reversed()
    for row in between {
      let (near, far) = isDown ? (rows[row].top, rows[row].bottom) : (rows[row].bottom, rows[row].top)
      let goal = isDown ? to.y : to.bottom
      let wanted = goal == y ? end : x + (end - x) * (near - y) / (goal - y)
      let gap = self.gap(in: row, near: wanted)
      curve(gap, near)
      way += "V\(far)"
      y = far
    }
    curve(end, isDown ? to.y : to.bottom)
    return way
  }

  /// The free place of a row nearest to `wanted`.
  private mutating func gap(in row: Int, near wanted: Int) -> Int {
    var left = 14
    var best = (distance: Int.max, x: wanted, low: 0, high: 0, number: 0)
    for number in 0...rows[row].boxes.count {
      let right = number < rows[row].boxes.count ? rows[row].boxes[number].x : layout.width - 14
      let (low, high) = (left + 5, max(left + 5, right - 5))
      let x = min(max(wanted, low), high)
      if abs(x - wanted) < best.distance { best = (abs(x - wanted), x, low, high, number) }
      if number < rows[row].boxes.count { left = rows[row].boxes[number].x + rows[row].boxes[number].width }
    }
    if best.distance == 0 { return best.x }
    // At the edge of a box, where many want to be: beside each other, inwards.
    let key = [row, best.number, best.x]
    let rank = taken[key, default: 0]
    taken[key] = rank + 1
    let step = rank * 4 % max(1, best.high - best.low)
    return best.x == best.low ? best.low + step : best.high - step
  }
}
