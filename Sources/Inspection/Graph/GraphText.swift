extension CallDrawing {
  /// The graph for a terminal: each service, who may call it, whom it calls.
  package var text: String {
    var text = ""
    for band in bands {
      text += "\(text.isEmpty ? "" : "\n")\(band.title)\n"
      for number in band.nodes {
        let node = nodes[number]
        let tags =
          node.kind == .service && !node.contexts.isEmpty
          ? "  in \(node.contexts.map(\.name).joined(separator: ", "))" : ""
        text += "  \(node.name)\(tags)\(node.place.isEmpty ? "" : "  (\(node.place))")\n"
        if node.isOpen { text += "    <- everyone, by default allow\n" }
        for edge in edges where edge.to == number { text += line("<-", edge.from, edge) }
        for edge in edges where edge.from == number { text += line("->", edge.to, edge) }
      }
    }
    let broken = edges.count { !$0.violations.isEmpty }
    let services = nodes.count { $0.kind == .service }
    return text + "\n\(amount(services, "service")), \(amount(edges.count { $0.isDeclared }, "permission"))"
      + (hasLog
        ? ", \(edges.count(where: isUnused)) never used, \(edges.count { !$0.isDeclared }) calls not declared"
        : "")
      + (broken == 0 ? "" : ", \(broken) against the rules") + "\n"
  }

  private func line(_ arrow: String, _ other: Int, _ edge: Edge) -> String {
    "    \(arrow) \(nodes[other].name)\(edge.violations.isEmpty ? "" : " !")  \(description(edge))\n"
  }

  /// The graph in Graphviz' language.
  package var dot: String {
    var text = """
      digraph calls {
        rankdir=TB; newrank=true; fontname="sans-serif"
        node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif", fontsize=11]
        edge [color="#5b6770", fontname="sans-serif", fontsize=9]

      """
    for (index, band) in bands.enumerated() {
      text += "  subgraph cluster_\(index) {\n    label=\(quoted(band.title)); color=\"#c9d1d6\"; fontsize=10\n"
      for number in band.nodes {
        let node = nodes[number]
        let tags = node.contexts.map(\.name).joined(separator: ", ")
        let label = node.kind == .service && !tags.isEmpty ? "\(node.name)\n\(tags)" : node.name
        let shape = node.kind == .service ? "" : ", shape=ellipse, style=filled, fillcolor=\"#eef3f6\""
        text += "    n\(number) [label=\(quoted(label)), tooltip=\(quoted(node.place))\(shape)]\n"
      }
      text += "  }\n"
    }
    for edge in edges {
      let style =
        switch self.style(edge) {
        case .used, .declared: ""
        case .unused: ", color=\"#b8c0c5\""
        case .observed: ", style=dashed"
        case .violation: ", color=\"#c62828\", penwidth=2\(edge.isDeclared ? "" : ", style=dashed")"
        }
      let label = edge.count > 0 ? ", label=\(quoted("\(edge.count)"))" : ""
      text += "  n\(edge.from) -> n\(edge.to) [tooltip=\(quoted(description(edge)))\(label)\(style)]\n"
    }
    return text + "}\n"
  }

  private func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case "\n": quoted += "\\n"
      default: quoted.unicodeScalars.append(scalar.value < 0x20 ? " " : scalar)
      }
    }
    return quoted + "\""
  }
}
