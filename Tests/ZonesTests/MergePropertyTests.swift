import Contexts
import DNSFormat
import TestSupport
import Testing
import ZoneFile

@testable import Zones

/// The overlay rule done plainly: for each context a dictionary of all names, merged outermost first.
private struct NaiveZone {
  enum Node: Equatable {
    case records([String])
    case absent
  }

  /// By context: what each owner has.
  var nodes: [[String: [String]]] = []
  let contexts: ContextTree
  private let apex = "z.test."

  init(_ layers: [Int: [String: Node]], _ contexts: ContextTree) {
    self.contexts = contexts
    for context in contexts.nodes.indices {
      var merged: [String: [String]] = [:]
      if context != 0 {
        let around = nodes[contexts.nodes[context].parent]
        merged = contexts.nodes[context].isSealed ? around.filter { $0.key == apex } : around
      }
      let layer = layers[context] ?? [:]
      for (name, node) in layer where node == .absent {
        merged = merged.filter { $0.key != name && !$0.key.hasSuffix("." + name) }
      }
      for case (let name, .records(var records)) in layer {
        if name == apex {
          for type in ["SOA", "NS"] where !records.contains(where: { $0.contains(" \(type) ") }) {
            records += (merged[apex] ?? []).filter { $0.contains(" \(type) ") }
          }
        }
        merged[name] = records
      }
      nodes.append(merged)
    }
  }

  func view(_ name: String, _ context: Int) -> View {
    var view = View()
    let merged = nodes[context]
    guard merged[apex] != nil else { return view }
    view.hasZone = true
    func exists(_ name: String) -> Bool { merged[name] != nil || merged.keys.contains { $0.hasSuffix("." + name) } }
    func hasNS(_ name: String) -> Bool { name != apex && merged[name]?.contains { $0.contains(" NS ") } == true }
    func parent(_ name: String) -> String { String(name.drop { $0 != "." }.dropFirst()) }
    var encloser = name
    while !exists(encloser) { encloser = parent(encloser) }
    let labels = { (name: String) in name.count { $0 == "." } }
    view.labels = labels(encloser)
    var cutLabels = 0
    var above = encloser
    while above != apex {
      above = parent(above)
      if hasNS(above) { cutLabels = labels(above) }
    }
    view.cutLabels = cutLabels
    let records = merged[encloser] ?? []
    var flags: ZoneNode.Flags = .exists
    if encloser == apex { flags.insert(.apex) }
    if hasNS(encloser) { flags.insert(.cut) }
    if cutLabels > 0 { flags.insert(.covered) }
    if records.contains(where: { $0.contains(" CNAME ") }) { flags.insert(.alias) }
    view.flags = flags.rawValue
    if encloser == name { view.data = records.sorted() }
    return view
  }
}

@Suite("Compiled zones equal a naive merge, for every context and name")
struct MergePropertyTests {
  private let labels = ["a", "b", "c", "*"]

  private func randomName(_ random: inout SeededGenerator) -> String {
    (0..<random.number(1...4)).map { _ in labels[random.number(0...3)] }.joined(separator: ".") + ".z.test."
  }

  private func randomContexts(_ random: inout SeededGenerator) -> [String] {
    (0..<random.number(0...8)).map { index in
      let parent = index > 0 && random.number(0...2) > 0 ? " in k\(random.number(0...(index - 1)))" : ""
      return "k\(index)\(parent)\(random.number(0...5) == 0 ? " sealed" : "")"
    }
  }

  /// Text and meaning of a layer: a few names with records or a marker.
  private func randomLayer(
    isBase: Bool, number: Int, _ random: inout SeededGenerator
  ) -> (text: String, nodes: [String: NaiveZone.Node]) {
    var nodes: [String: NaiveZone.Node] = [:]
    var text = "$TTL 300\n"
    if isBase { nodes["z.test."] = .records(["300 SOA . . 1 2 3 4 5", "300 NS ns."]) }
    for _ in 0..<random.number(0...(isBase ? 12 : 5)) {
      let name = random.number(0...9) == 0 && !isBase ? "z.test." : randomName(&random)
      if nodes[name] != nil { continue }
      // What several layers say is often the same.
      let number = random.chance(50) ? 0 : number
      switch random.number(0...(isBase || name == "z.test." ? 4 : 6)) {
      case 0: nodes[name] = .records(["300 NS ns.\(number)."])
      case 1 where name != "z.test.": nodes[name] = .records(["300 CNAME t.\(number)."])
      case 2: nodes[name] = .records(["300 A 10.0.0.\(number)", "300 TXT \"\(number)\""])
      case 5: nodes[name] = .absent
      case 6: nodes[name] = .records([])
      default: nodes[name] = .records(["300 A 10.0.0.\(number)"])
      }
    }
    for (name, node) in nodes.sorted(by: { $0.key < $1.key }) {
      switch node {
      case .absent: text += "\(name) CNAME .\n"
      case .records([]): text += "\(name) CNAME *.\n"
      case .records(let records): text += records.map { "\(name) \($0)\n" }.joined()
      }
    }
    return (text, nodes)
  }

  /// Every name of up to three labels, and longer ones, some of which exist nowhere.
  private func everyName() -> [String] {
    var names = ["z.test.", "x.z.test.", "x.y.z.test."]
    for a in labels {
      names.append(a + ".z.test.")
      for b in labels {
        names.append("\(b).\(a).z.test.")
        for c in labels {
          for front in ["", "a.", "x.b."] { names.append("\(front)\(c).\(b).\(a).z.test.") }
        }
      }
    }
    return names
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func `random bases, overlays and context trees`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let names = everyName()
    for round in 0..<min(rounds(100), 600) {
      let declared = randomContexts(&random)
      let tree = ContextTree(
        declared.map { line in
          let words = line.split(separator: " ").map(String.init)
          return (words[0], words.count > 2 && words[1] == "in" ? words[2] : nil, words.last == "sealed")
        })
      var layers: [Int: [String: NaiveZone.Node]] = [:]
      let (text, nodes) = randomLayer(isBase: true, number: 0, &random)
      layers[0] = nodes
      var overlays: [(String, String)] = []
      for context in 1..<max(1, tree.nodes.count) where random.number(0...3) > 0 {
        let (text, nodes) = randomLayer(isBase: false, number: context, &random)
        layers[context] = nodes
        overlays.append((tree.nodes[context].name, text))
      }
      let fixture = try Fixture(contexts: declared, base: text, overlayList: overlays)
      #expect(!fixture.diagnostics.contains { $0.contains("error") }, "seed \(seed), round \(round)")
      let naive = NaiveZone(layers, tree)
      var texts = [0: text]
      for (name, text) in overlays { texts[tree.number(of: name) ?? 0] = text }
      for context in tree.nodes.indices {
        for name in names {
          let found = View(fixture, try DomainName(name), context)
          let expected = naive.view(name, context)
          if found == expected, expected.data?.isEmpty == false {
            // The innermost layer that mentions it wrote it.
            let writer = tree.path(from: context).first { layers[$0]?[name] != nil }
            let place = Self.place(fixture, try DomainName(name), context)
            #expect(place?.context == writer, "seed \(seed), round \(round), \(declared), \(name) in \(context)")
            let line = texts[writer ?? 0]?.split(separator: "\n").dropFirst((place?.line ?? 0) - 1).first
            #expect(line?.hasPrefix("\(name) ") == true, "seed \(seed), round \(round): \(line ?? "") for \(name)")
          }
          if found != expected {
            Issue.record(
              "seed \(seed), round \(round), \(declared), \(name) in \(tree.nodes[context].name): \(found), not \(expected)\n\(text)\(overlays)"
            )
            return
          }
        }
      }
    }
  }
  /// Where the data of a name that exists was written.
  private static func place(_ fixture: Fixture, _ name: DomainName, _ context: Int) -> (context: Int, line: Int)? {
    var key = NameKey()
    key.load(name)
    let realm = fixture.contexts.realm(of: context)
    guard let zone = fixture.zones.first(where: { $0.realm == realm }) else { return nil }
    return zone.place(of: zone.find(key, context: UInt16(context)).node, context: UInt16(context))
      .map { (Int($0.context), Int($0.line)) }
  }
}
