extension CallDrawing {
  /// The graph as one SVG file: no script, no font, nothing to be fetched. What a line means shows where the pointer rests.
  /// True where a picture would be many megabytes that few viewers open.
  package var isLargeForSVG: Bool { nodes.count > 2000 || edges.count > 5000 }
  package var nodeCount: Int { nodes.count }
  package var edgeCount: Int { edges.count }

  package var svg: String {
    let layout = GraphLayout(self)
    let ways = GraphRouting(self, layout).ways
    let height = layout.height + 30
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(layout.width) \(height)" width="\(layout.width)" \
      height="\(height)" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif">
      <title>Who may call whom\(hasLog ? ", and who does" : "")</title>
      <style>
      .e{fill:none;stroke:#5b6770;stroke-opacity:.75}.declared,.used{stroke:#3d6f8e}.unused{stroke:#b9c2c8}
      .observed{stroke:#3d6f8e;stroke-dasharray:5 4}.violation{stroke:#c62828;stroke-opacity:.95}.dash{stroke-dasharray:5 4}
      .e:hover{stroke-opacity:1;stroke-width:4}.b{fill:#f4f7f9;stroke:#dde4e8}.s{fill:#fff;stroke:#41545f;stroke-width:1.3}
      .c{fill:#e3edf3;stroke:#41545f;stroke-width:1.1}.n{font-size:13px;fill:#1d2a31;text-anchor:middle}
      .t{font-size:10px;fill:#fff;text-anchor:middle}.h{font-size:12px;fill:#5b6770;font-weight:600;paint-order:stroke;stroke:#f4f7f9;stroke-width:6px;stroke-linejoin:round}
      .g{font-size:17px;fill:#1d2a31;font-weight:600}.l{font-size:11px;fill:#41545f}
      </style>
      <defs>

      """
    for (name, colour) in [("plain", "#3d6f8e"), ("grey", "#b9c2c8"), ("red", "#c62828")] {
      text += """
        <marker id="\(name)" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" \
        markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 8 4 0 8z" fill="\(colour)"/></marker>

        """
    }
    text += "</defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    let services = nodes.count { $0.kind == .service }
    text += "<text class=\"g\" x=\"\(GraphLayout.margin)\" y=\"36\">Who may call whom: \(amount(services, "service"))"
    text += "\(hasLog ? ", and who does" : "")</text>\n"
    for band in layout.bands {
      text += "<rect class=\"b\" x=\"12\" y=\"\(band.top)\" width=\"\(layout.width - 24)\" "
      text += "height=\"\(band.bottom - band.top)\" rx=\"8\"/>\n"
    }
    // What is wrong lies on top.
    let order: [Style] = [.unused, .observed, .declared, .used, .violation]
    for style in order {
      for (edge, way) in zip(edges, ways) where self.style(edge) == style { text += path(edge, way) }
    }
    // Above the lines, which pass behind their letters.
    for band in layout.bands {
      text += "<text class=\"h\" x=\"24\" y=\"\(band.top + 17)\">\(escaped(band.title))</text>\n"
    }
    for (number, node) in nodes.enumerated() { text += drawing(node, layout.boxes[number]) }
    return text + legend(y: layout.height + 10) + "</svg>\n"
  }

  private func path(_ edge: Edge, _ way: String) -> String {
    let style = self.style(edge)
    let marker = style == .violation ? "red" : style == .unused ? "grey" : "plain"
    // A stroke grows with the digits of the count.
    let width = edge.count == 0 ? "1.2" : "\(1 + String(edge.count).count / 2).\(String(edge.count).count % 2 * 5)"
    let dash = style == .violation && !edge.isDeclared ? " dash" : ""
    return
      "<path class=\"e \(style.rawValue)\(dash)\" d=\"\(way)\" stroke-width=\"\(width)\" marker-end=\"url(#\(marker))\">"
      + "<title>\(escaped("\(nodes[edge.from].name) → \(nodes[edge.to].name): \(description(edge))"))</title></path>\n"
  }

  private func drawing(_ node: Node, _ box: GraphLayout.Box) -> String {
    let isService = node.kind == .service
    let tags = isService ? GraphLayout.tags(node) : []
    var text = "<g><title>\(escaped(node.place.isEmpty ? "everyone" : node.place))"
    text +=
      "\(tags.contains { $0.number == nil } ? escaped("; in " + node.contexts.map(\.name).joined(separator: ", ")) : "")</title>"
    text += "<rect class=\"\(isService ? "s" : "c")\" x=\"\(box.x)\" y=\"\(box.y)\" width=\"\(box.width)\" "
    text += "height=\"\(box.height)\" rx=\"\(isService ? 6 : box.height / 2)\"/>"
    text +=
      "<text class=\"n\" x=\"\(box.middle)\" y=\"\(box.y + (tags.isEmpty ? box.height / 2 + 5 : 18))\">\(escaped(node.name))</text>"
    var x = box.middle - (tags.reduce(-4) { $0 + GraphLayout.tagWidth($1.name) + 4 }) / 2
    for tag in tags {
      let width = GraphLayout.tagWidth(tag.name)
      let name = tag.name.unicodeScalars.count > 16 ? String(tag.name.unicodeScalars.prefix(15)) + "…" : tag.name
      text +=
        "<rect x=\"\(x)\" y=\"\(box.y + 25)\" width=\"\(width)\" height=\"14\" rx=\"7\" fill=\"\(tag.number.map(colour) ?? "#5b6770")\"/>"
      text += "<text class=\"t\" x=\"\(x + width / 2)\" y=\"\(box.y + 36)\">\(escaped(name))</text>"
      x += width + 4
    }
    return text + "</g>\n"
  }

  /// Colours of contexts, dark enough for white letters, neighbours in number far apart.
  private func colour(_ context: Int) -> String {
    let colours = ["#2f6db3", "#a8541b", "#2e7d4f", "#7a4ea3", "#9c3567", "#4d6a1f", "#17777d", "#6d5a3a"]
    return colours[context % colours.count]
  }

  private func legend(y: Int) -> String {
    var samples: [(style: String, marker: String, text: String)] = [
      (hasLog ? "used" : "declared", "plain", hasLog ? "allowed and used" : "allowed")
    ]
    if hasLog { samples += [("unused", "grey", "allowed, never used"), ("observed", "plain", "used, not declared")] }
    samples.append(("violation", "red", "against a rule"))
    var text = ""
    var x = GraphLayout.margin
    for sample in samples {
      text +=
        "<path class=\"e \(sample.style)\" d=\"M\(x) \(y)h34\" stroke-width=\"1.6\" marker-end=\"url(#\(sample.marker))\"/>"
      text += "<text class=\"l\" x=\"\(x + 42)\" y=\"\(y + 4)\">\(sample.text)</text>"
      x += 42 + sample.text.count * 6 + 24
    }
    return text + "\n"
  }

  /// Text within XML 1.0, which has no control characters at all.
  private func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      default:
        let isChar = scalar.value >= 0x20 && scalar.value & 0xfffe != 0xfffe && scalar.value != 0x7f
        escaped.unicodeScalars.append(isChar ? scalar : "\u{fffd}")
      }
    }
    return escaped
  }
}
