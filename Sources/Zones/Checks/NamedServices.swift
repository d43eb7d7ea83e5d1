package import DNSFormat
internal import ZoneFile

/// The services, of those whose names lie below a zone's apex, that some layer of it has a record at or below.
///
/// Nearly every one has a node of its own that the compiled zone finds at once; for what is left all owner names are
/// looked through, since an overlay's record may be one that only hides.
package func servicesNamed(
  in source: ZoneSource, _ zones: [CompiledZone], _ services: [DomainName]
) -> Set<DomainName> {
  var named: Set<DomainName> = []
  var missing: Set<DomainName> = []
  var key = NameKey()
  for service in services where service.labelCount > source.origin.labelCount {
    key.load(service)
    guard let first = zones.first, first.covers(key) else { continue }
    let hasNode = zones.contains { zone in
      let view = ContextView(zone: zone, context: UInt16(zone.realm))
      return view.node(at: key)?.exists ?? false
    }
    if hasNode { named.insert(service) } else { missing.insert(service) }
  }
  if missing.isEmpty { return named }
  for layer in source.layers {
    var last: UInt32?
    for record in layer.records.records where record.owner != last {
      last = record.owner
      var owner = layer.records.owner(of: record)
      while owner.labelCount > source.origin.labelCount {
        if missing.contains(owner) { named.insert(owner) }
        owner = owner.parent
      }
    }
  }
  return named
}
