/// Places for a graph's nodes: bands below each other, in each band rows by the longest way, in each row an order with few
/// crossings. The same graph always gets the same places.
struct GraphLayout {
  struct Box {
    var x = 0
    var y = 0
    let width: Int
    let height: Int
    var row = 0

    var middle: Int { x + width / 2 }
    var bottom: Int { y + height }
  }

  struct Band {
    let title: String
    let top: Int
    let bottom: Int
  }

  static let margin = 28
  static let titleHeight = 24
  private static let gap = 22
  private static let rowGap = 56
  private static let sweeps = 12

  private(set) var boxes: [Box]
  private(set) var bands: [Band] = []
  private(set) var width = 0
  private(set) var height = 0

  init(_ graph: CallDrawing) {
    boxes = graph.nodes.map { node in
      let name = node.name.unicodeScalars.count * 8 + 24
      let tags = node.kind == .service ? Self.tags(node).reduce(12) { $0 + Self.tagWidth($1.name) + 4 } : 0
      return Box(width: max(64, name, tags), height: tags > 12 ? 44 : 30)
    }
    let graphBands = graph.bands
    // About as wide as high, so that a graph of hundreds fits a screen.
    let widest = max(6, Int((Double(graph.nodes.count) * 1.6).squareRoot()))
    var rows: [[Int]] = []
    var rowBand: [Int] = []
    for (band, (_, members)) in graphBands.enumerated() {
      for layer in Self.layers(members, graph) {
        let parts = (layer.count + widest - 1) / widest
        for part in 0..<parts {
          rows.append(layer.enumerated().filter { $0.offset % parts == part }.map(\.element))
          rowBand.append(band)
        }
      }
    }
    order(&rows, graph)
    place(rows, rowBand, graphBands.map(\.title))
  }

  /// The contexts that a box shows, by name and number, and how many it does not: `+3`, which has no number.
  static func tags(_ node: CallDrawing.Node) -> [(name: String, number: Int?)] {
    let shown = node.contexts.prefix(mostTags).map { (name: $0.name, number: Int?.some($0.number)) }
    return node.contexts.count > mostTags ? shown + [("+\(node.contexts.count - mostTags)", nil)] : shown
  }

  private static let mostTags = 3

  static func tagWidth(_ name: String) -> Int { min(16, name.unicodeScalars.count) * 6 + 10 }

  /// A band's nodes in layers: callers above those they call, as far as there are no cycles.
  private static func layers(_ members: [Int], _ graph: CallDrawing) -> [[Int]] {
    let isMember = Set(members)
    var callees: [Int: [Int]] = [:]
    for edge in graph.edges where isMember.contains(edge.from) && isMember.contains(edge.to) {
      callees[edge.from, default: []].append(edge.to)
    }
    // Depth first, without recursion: nodes behind all that they call; a call back to the way closes a cycle and is
    // passed over.
    var state: [Int: Bool] = [:]  // false on the way, true done
    var finished: [Int] = []
    var kept: [Int: [Int]] = [:]
    for start in members where state[start] == nil {
      var way = [(node: start, next: 0)]
      state[start] = false
      while let (node, next) = way.last {
        let targets = callees[node] ?? []
        guard next < targets.count else {
          state[node] = true
          finished.append(node)
          way.removeLast()
          continue
        }
        way[way.count - 1].next += 1
        if state[targets[next]] != false { kept[node, default: []].append(targets[next]) }
        if state[targets[next]] == nil {
          state[targets[next]] = false
          way.append((targets[next], 0))
        }
      }
    }
    var depth: [Int: Int] = [:]
    for node in finished.reversed() {
      for target in kept[node] ?? [] { depth[target] = max(depth[target] ?? 0, (depth[node] ?? 0) + 1) }
    }
    var layers = [[Int]](repeating: [], count: (members.map { depth[$0] ?? 0 }.max() ?? 0) + 1)
    for member in members { layers[depth[member] ?? 0].append(member) }
    return layers.filter { !$0.isEmpty }
  }

  /// Sorts each row by the middle of its neighbours' places, up and down in turn.
  private func order(_ rows: inout [[Int]], _ graph: CallDrawing) {
    var neighbours = [[Int]](repeating: [], count: graph.nodes.count)
    for edge in graph.edges {
      neighbours[edge.from].append(edge.to)
      neighbours[edge.to].append(edge.from)
    }
    var place = [Double](repeating: 0, count: graph.nodes.count)
    var rowOf = [Int](repeating: 0, count: graph.nodes.count)
    func note(_ row: Int) {
      for (index, node) in rows[row].enumerated() {
        place[node] = (Double(index) + 0.5) / Double(rows[row].count)
        rowOf[node] = row
      }
    }
    for row in rows.indices { note(row) }
    for sweep in 0..<Self.sweeps {
      let isDown = sweep % 2 == 0
      for row in isDown ? Array(rows.indices) : rows.indices.reversed() {
        let middles = rows[row].map { node in
          let others = neighbours[node].filter { isDown ? rowOf[$0] < row : rowOf[$0] > row }
          return others.isEmpty ? place[node] : others.reduce(0) { $0 + place[$1] } / Double(others.count)
        }
        let order = rows[row].indices.sorted { (middles[$0], $0) < (middles[$1], $1) }
        rows[row] = order.map { rows[row][$0] }
        note(row)
      }
    }
  }

  private mutating func place(_ rows: [[Int]], _ rowBand: [Int], _ titles: [String]) {
    let contents = rows.map { row in row.reduce(0) { $0 + boxes[$1].width } }
    width = max(640, (zip(rows, contents).map { $1 + ($0.count + 1) * Self.gap }.max() ?? 0)) + 2 * Self.margin
    var y = 56
    for (number, row) in rows.enumerated() {
      if number == 0 || rowBand[number] != rowBand[number - 1] { y += Self.titleHeight }
      let free = Double(width - 2 * Self.margin - contents[number]) / Double(row.count + 1)
      var x = Double(Self.margin) + free
      for node in row {
        boxes[node].x = Int(x)
        boxes[node].y = y
        boxes[node].row = number
        x += Double(boxes[node].width) + free
      }
      y += (row.map { boxes[$0].height }.max() ?? 0) + Self.rowGap
    }
    height = y
    for (band, title) in titles.enumerated() {
      let members = rows.indices.filter { rowBand[$0] == band }.flatMap { rows[$0] }
      let top = (members.map { boxes[$0].y }.min() ?? 0) - Self.titleHeight - 4
      bands.append(Band(title: title, top: top, bottom: (members.map { boxes[$0].bottom }.max() ?? 0) + 22))
    }
  }
}
