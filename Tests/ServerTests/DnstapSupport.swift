import Foundation

/// A reader of Frame Streams and of protocol buffers that shares nothing with what it reads: for tests.
enum Dissection {
  /// The parts of a stream: control frames with their bodies, and data frames.
  enum Part: Equatable {
    case control([UInt8])
    case data([UInt8])
  }

  /// Nil where the octets are no whole parts.
  static func parts(_ octets: [UInt8]) -> [Part]? {
    var parts: [Part] = []
    var rest = octets[...]
    func size() -> Int? {
      guard rest.count >= 4 else { return nil }
      defer { rest = rest.dropFirst(4) }
      return rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }
    while !rest.isEmpty {
      guard let count = size() else { return nil }
      if count == 0 {
        guard let inner = size(), rest.count >= inner else { return nil }
        parts.append(.control(Array(rest.prefix(inner))))
        rest = rest.dropFirst(inner)
      } else {
        guard rest.count >= count else { return nil }
        parts.append(.data(Array(rest.prefix(count))))
        rest = rest.dropFirst(count)
      }
    }
    return parts
  }

  /// The data frames of a file that is complete: START, frames, STOP.
  static func frames(_ octets: [UInt8]) -> [[UInt8]]? {
    let type = Array("protobuf:dnstap.Dnstap".utf8)
    guard let parts = parts(octets), parts.count >= 2,
      parts.first == .control([0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, UInt8(type.count)] + type),
      parts.last == .control([0, 0, 0, 3])
    else { return nil }
    let data = parts.dropFirst().dropLast().compactMap { part -> [UInt8]? in
      if case .data(let octets) = part { octets } else { nil }
    }
    return data.count == parts.count - 2 ? data : nil
  }

  /// A message's fields by number: numbers, or octets.
  struct Message {
    var numbers: [Int: UInt64] = [:]
    var octets: [Int: [UInt8]] = [:]

    /// Nil where it does not follow the wire format, or has a field twice.
    init?(_ message: [UInt8]) {
      var rest = message[...]
      func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
          guard let octet = rest.popFirst() else { return nil }
          value |= UInt64(octet & 0x7f) << shift
          if octet < 0x80 { return octet == 0 && shift > 0 ? nil : value }
        }
        return nil
      }
      while !rest.isEmpty {
        guard let tag = varint() else { return nil }
        let number = Int(tag >> 3)
        guard numbers[number] == nil, octets[number] == nil else { return nil }
        switch tag & 7 {
        case 0:
          guard let value = varint() else { return nil }
          numbers[number] = value
        case 2:
          guard let count = varint(), rest.count >= count else { return nil }
          octets[number] = Array(rest.prefix(Int(count)))
          rest = rest.dropFirst(Int(count))
        case 5:
          guard rest.count >= 4 else { return nil }
          numbers[number] = rest.prefix(4).reversed().reduce(0) { $0 << 8 | UInt64($1) }
          rest = rest.dropFirst(4)
        default: return nil
        }
      }
    }
  }
}

/// A folder that is there for a test.
final class TestFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "taps-\(UInt64.random(in: .min ... .max))").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func read(_ name: String) -> [UInt8]? { FileManager.default.contents(atPath: "\(path)/\(name)").map { Array($0) } }
  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}
