import Contexts
import DNSFormat
import Diagnostics
import FlatMemory
import ZoneFile

@testable import Zones

let zoneHead = "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.53\n"

/// The zone `z.test.` made of a base and overlays, as a query sees it.
struct Fixture {
  let zones: [CompiledZone]
  let diagnostics: [String]
  let contexts: ContextTree
  let directory: ZoneDirectory
  /// By index, the services that some layer has a record at or below.
  let namedServices: [UInt32]

  /// - Parameters:
  ///   - contexts: `prod`, `shard-a in prod`, `lab sealed`, in order.
  ///   - base: the text of `z.test.zone`; nil where there is none.
  ///   - overlays: text by context.
  ///   - inner: apexes of zones that are served too.
  init(
    contexts declared: [String] = [], base: String?, _ overlays: KeyValuePairs<String, String> = [:],
    services: [String] = [], inner: [String] = []
  ) throws {
    try self.init(
      contexts: declared, base: base, overlayList: overlays.map { ($0.key, $0.value) }, services: services, inner: inner
    )
  }

  /// The same, overlays in a list.
  init(
    contexts declared: [String], base: String?, overlayList overlays: [(String, String)], services: [String] = [],
    inner: [String] = []
  ) throws {
    let contexts = ContextTree(
      declared.map { line in
        let words = line.split(separator: " ").map(String.init)
        return (words[0], words.count > 2 && words[1] == "in" ? words[2] : nil, words.last == "sealed")
      })
    let origin = try DomainName("z.test.")
    func layer(_ text: String, _ path: String, _ context: Int) throws -> ZoneSource.Layer {
      let (records, mistakes) = ZoneFileReader.read(
        Array(text.utf8), path: path, origin: origin, open: { _ in .failure(.init(reason: "no such file")) })
      if let first = mistakes.first { throw first }
      return ZoneSource.Layer(context: context, records: records)
    }
    var layers = try base.map { [try layer($0, "z.test.zone", 0)] } ?? []
    for (name, text) in overlays {
      guard let number = contexts.number(of: name) else { preconditionFailure("the test declares its contexts") }
      layers.append(try layer(text, "\(name)/z.test.zone", number))
    }
    let options = ZoneBuildOptions(
      contexts: contexts, services: try services.map { try DomainName($0) }, seed: 0x5eed)
    let source = ZoneSource(origin: origin, layers: layers)
    let (zones, diagnostics) = ZoneBuilder.build(source, options)
    self.zones = zones
    namedServices = servicesNamed(in: source, zones, options.services)
    let doubts = ZoneDoubts.find(in: source, zones, contexts, innerApexes: try Set(inner.map { try DomainName($0) }))
    self.diagnostics = (diagnostics + doubts).inOrder.map(\.description)
    self.contexts = contexts
    directory = ZoneDirectory(zones, contexts: contexts, seed: 0x5eed)
  }

  /// What is at a name for a context: nil where it does not exist or no zone has it; else its RRs, sorted.
  func data(_ name: String, in context: String = "") throws -> [String]? {
    let number = contexts.number(of: context) ?? 0
    return try View(self, DomainName(name), number).data
  }
}

/// A name as ``CompiledZone/find(_:context:)`` sees it, in plain values.
struct View: Equatable {
  var hasZone = false
  /// Labels of the closest encloser.
  var labels = 0
  var flags: UInt8 = 0
  /// The RRs there, `TTL TYPE rdata`; nil where the name does not exist.
  var data: [String]?
  /// Labels of the cut that covers the encloser, 0 for none.
  var cutLabels = 0
  var service: UInt32 = 0

  init() {}

  init(_ fixture: Fixture, _ name: DomainName, _ context: Int) {
    var key = NameKey()
    key.load(name)
    guard let number = fixture.directory.zone(of: key, type: .a, context: UInt16(context)) else { return }
    let zone = fixture.zones[number]
    let match = zone.find(key, context: UInt16(context))
    hasZone = true
    labels = match.labels
    service = match.service
    flags = match.node.flags.rawValue
    if let cut = match.node.cover(zone.memory, context: UInt16(context)) {
      var cutName = NameKey()
      cutName.load(zone.memory, at: cut.nameOffset)
      cutLabels = cutName.labelCount
    }
    if match.labels == key.labelCount { data = View.records(match.node, zone.memory).sorted() }
  }

  private static func records(_ node: ZoneNode, _ memory: borrowing FlatArray<UInt8>) -> [String] {
    var records: [String] = []
    var offset = node.firstRRset
    while offset < node.end {
      let image = RRsetImage(memory, at: offset)
      var rdata = image.dataStart
      while rdata < image.end {
        let size = Int(memory[rdata]) << 8 | Int(memory[rdata + 1])
        records.append(
          "\(image.ttl) \(image.type) \(rdataText(memory.octets((rdata + 2)..<(rdata + 2 + size)), of: image.type))")
        rdata += 2 + size
      }
      offset = image.end
    }
    return records
  }
}
