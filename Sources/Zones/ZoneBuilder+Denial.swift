internal import Contexts
internal import DNSFormat
internal import ZoneFile

/// Which names have NSEC or NSEC3 records, in which contexts.
extension ZoneBuilder {
  /// The names of a list as ``NameOrder`` takes them.
  /// - Parameter records: for each name the offset of its record.
  func denials(_ type: RRType, at names: [Int], _ records: [UInt32]) -> [NameOrder.Entry] {
    if names.isEmpty { return [] }
    var name = NameKey()
    var key = OrderKey()
    let originLabels = zone.source.origin.labelCount
    let contexts = contextsOfRealm
    var parametersOf: [Int: [UInt8]] = [:]
    if type == .nsec3 { for context in contexts { parametersOf[context] = parameters(in: context) } }
    let isUniform = Set(contexts.map { parametersOf[$0] }).count == 1
    var entries: [NameOrder.Entry] = []
    for number in names {
      var having: Set<Int>?
      if zone.forks[number] != nil || !isUniform {
        var some: Set<Int> = []
        for context in contexts where hasDenial(type, number, context, parametersOf[context]) { some.insert(context) }
        if some.isEmpty { continue }
        having = some.count == contexts.count ? nil : some
      } else if !hasDenial(type, number, contexts[0], parametersOf[contexts[0]]) {
        continue
      }
      name.load(DomainName(validWire: zone.names.name(number)))
      key.load(name, originLabels: originLabels)
      entries.append(
        NameOrder.Entry(key: (0..<key.count).map { key[$0] }, record: records[number], contexts: having))
    }
    return entries
  }

  /// The numbers of the realm's contexts, without those of sealed contexts inside it.
  private var contextsOfRealm: [Int] {
    let root = zone.realm.lowerBound
    return zone.realm.filter { $0 == root || options.contexts.realm(of: $0) == root }
  }

  /// How NSEC3 records are made in a context: algorithm, iterations and salt of the first usable NSEC3PARAM
  /// (RFC 5155 §4.2).
  func parameters(in context: Int) -> [UInt8]? {
    guard case .records(let apex) = zone.data(of: 0, in: context) else { return nil }
    for reference in apex where zone.source.record(reference).type == .nsec3param {
      let rdata = Array(zone.source.rdata(reference))
      if rdata[0] == 1, rdata[1] == 0 { return [rdata[0]] + rdata[2...] }
    }
    return nil
  }

  /// True where a name has such a record in a context; of NSEC3, one made as the context's parameters say.
  private func hasDenial(_ type: RRType, _ name: Int, _ context: Int, _ parameters: [UInt8]?) -> Bool {
    guard case .records(let records) = zone.data(of: name, in: context) else { return false }
    for reference in records where zone.source.record(reference).type == type {
      guard type == .nsec3 else { return true }
      let rdata = Array(zone.source.rdata(reference).prefix(5 + 255))
      if [rdata[0]] + rdata[2..<(5 + Int(rdata[4]))] == parameters { return true }
    }
    return false
  }
}
