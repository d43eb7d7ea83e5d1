internal import Answering
internal import DNSFormat
internal import LinuxIO
internal import ZoneFile
internal import Zones

/// What is written of the zones of a snapshot, for who asks why: which files each has, read again when that is asked.
///
/// A server lets go of its zones' texts. A line that is named is where the record stands in the file as it is now, and no
/// line is named for a record that is no longer written.
struct WrittenZones: Sendable {
  private let outlines: [DomainName: ZoneSource]
  /// - Parameter sources: as they were loaded, with their records or without.
  init(_ sources: [ZoneSource] = []) {
    outlines = Dictionary(
      sources.map { source in
        var outline = source
        outline.layers = source.layers.map { .init(context: $0.context, records: $0.records.withoutRecords) }
        return (source.origin, outline)
      }, uniquingKeysWith: { first, _ in first })
  }

  /// Reads a zone's files; each time that it is asked. Nil for a zone that cannot be read, or that is larger than what is
  /// allowed now.
  func read(_ origin: DomainName, _ allowance: ReadingAllowance, at now: UInt64) -> ZoneSource? {
    guard var source = outlines[origin] else { return nil }
    let budget = Budget(allowance.rest(at: now))
    defer { allowance.take(budget.used) }
    var baseTTL: UInt32?
    for index in source.layers.indices {
      let outline = source.layers[index].records
      guard let path = outline.files.first, case .success(let text) = budget.open(path) else { return nil }
      let records = ZoneFileReader.read(
        text, path: path, origin: outline.origin, baseTTL: baseTTL, open: budget.open
      ).zone
      if source.layers[index].context == 0 { baseTTL = records.ownTTL }
      source.layers[index].records = records
    }
    return budget.isExceeded ? nil : source
  }

  /// How much may still be read.
  private final class Budget {
    private let limit: Int
    private(set) var used = 0
    private(set) var isExceeded = false

    init(_ limit: Int) { self.limit = limit }

    func open(_ path: String) -> Result<[UInt8], ZoneFileReader.ReadFailure> {
      do throws(SystemError) {
        let text = try readFile(path, atMost: limit - used)
        used += text.count
        return .success(text)
      } catch {
        isExceeded = true
        return .failure(ZoneFileReader.ReadFailure(reason: error.reason))
      }
    }
  }
}
