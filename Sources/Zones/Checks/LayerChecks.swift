internal import Contexts
internal import DNSFormat
internal import Diagnostics
internal import ZoneFile

/// What must hold of each file: its owners are in the zone, the apex of what is served has SOA and NS.
func checkLayers(_ source: ZoneSource, _ contexts: ContextTree) -> [Diagnostic] {
  var diagnostics: [Diagnostic] = []
  var key = NameKey()
  var origin = NameKey()
  origin.load(source.origin)
  for layer in source.layers {
    let zone = layer.records
    var lastOwner: UInt32?
    var outsiders = 0
    var apexTypes: Set<RRType> = []
    for record in zone.records {
      if record.owner != lastOwner {
        lastOwner = record.owner
        if !key.load(owner: record, in: zone.octets.span, below: origin), outsiders < ZoneChecks.mostOfAKind {
          outsiders += 1
          let owner = zone.owner(of: record)
          diagnostics.append(
            .error(
              at: zone.location(of: record),
              "\(owner) is outside the zone \(source.origin); remove it, or put it into its own zone's file"))
        }
      }
      if key.labelCount == source.origin.labelCount { apexTypes.insert(record.type) }
      if record.type == .cname {
        diagnostics += markerDiagnostics(record, zone, isOverlay: layer.context != 0, apex: source.origin)
      }
    }
    let hasSOA = apexTypes.contains(.soa) || isCovered(layer, source, contexts)
    let file = SourceLocation(file: zone.files[0])
    if let doubt = emptiness(layer, hasSOA: hasSOA, at: file, contexts) {
      diagnostics.append(doubt)
    } else if !hasSOA {
      diagnostics.append(
        .error(
          at: file,
          layer.context == 0
            ? "the zone \(source.origin) has no SOA (RFC 1035 §5.2); add one, such as: @ SOA ns1 hostmaster 1 3600 600 86400 5"
            : "there is no base file for \(source.origin) and this overlay has no SOA; add one, or a file \(source.origin)zone outside the folder"
        ))
    } else if !apexTypes.contains(.ns), !isCovered(layer, source, contexts) {
      diagnostics.append(
        .error(
          at: file, "the zone \(source.origin) has no NS at its apex (RFC 1034 §4.2.1); add one, such as: @ NS ns1"))
    }
  }
  return diagnostics
}

/// Says of an overlay without a record that it is of no use. In a sealed context it hides all that is written elsewhere.
private func emptiness(
  _ layer: ZoneSource.Layer, hasSOA: Bool, at file: SourceLocation, _ contexts: ContextTree
) -> Diagnostic? {
  guard layer.context != 0, hasSOA, layer.records.records.isEmpty, contexts.realm(of: layer.context) != layer.context
  else { return nil }
  return .warning(
    at: file,
    "the overlay has no record, so it changes nothing in context \(contexts.nodes[layer.context].name); "
      + "write the names that differ there, or remove the file")
}

/// True where an overlay's SOA and NS come from the context around it.
private func isCovered(_ layer: ZoneSource.Layer, _ source: ZoneSource, _ contexts: ContextTree) -> Bool {
  layer.context != 0
    && (source.layers.map(\.context) + source.brokenContexts).contains {
      $0 != layer.context && contexts.isContext(layer.context, in: $0)
    }
}

/// `CNAME .` means "does not exist" in an overlay only, and not at the apex.
private func markerDiagnostics(
  _ record: ZoneRecords.Record, _ zone: ZoneRecords, isOverlay: Bool, apex: DomainName
) -> [Diagnostic] {
  let rdata = Array(zone.rdata(of: record))
  let isMarker = rdata == [0] || rdata == [1, UInt8(ascii: "*"), 0]
  guard isMarker else { return [] }
  let location = zone.location(of: record)
  if !isOverlay {
    return [
      .warning(
        at: location,
        "CNAME \(rdata == [0] ? "." : "*.") hides a name only in a context's overlay; here it is an alias that leads nowhere"
      )
    ]
  }
  if zone.owner(of: record) == apex {
    return [.error(at: location, "the apex \(apex) cannot be hidden; remove this line, or refuse the zone by policy")]
  }
  return []
}
