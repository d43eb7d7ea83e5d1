import TestSupport
import FlatMemory

@testable import DNSFormat

extension SeededGenerator {
  /// A name of at most `size` octets in wire format, any octets in its labels.
  mutating func name(atMost size: Int) -> DomainName {
    var wire: [UInt8] = []
    let longest = [1, 3, 63].randomElement(using: &self) ?? 63
    while true {
      let room = size - 1 - wire.count - 1
      guard room >= 1 else { break }
      let label = min(room, number(1...longest))
      wire.append(UInt8(label))
      wire += octets(label)
    }
    return DomainName(validWire: wire + [0])
  }
}

/// `0a000001`, in small letters.
func hexadecimal(_ octets: some Sequence<UInt8>) -> String {
  octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// The fields of a line of RDATA as a master file's reader cuts them: by spaces, quotes holding together.
func fields(of text: String) -> [TextField] {
  let octets = Array(text.utf8)
  var fields: [TextField] = []
  var offset = 0
  while offset < octets.count {
    if octets[offset] == 0x20 {
      offset += 1
      continue
    }
    let isQuoted = octets[offset] == 0x22
    let start = isQuoted ? offset + 1 : offset
    var end = start
    while end < octets.count, octets[end] != 0x22, isQuoted || octets[end] != 0x20 {
      end += octets[end] == 0x5c ? 2 : 1
    }
    end = min(end, octets.count)
    fields.append(TextField(range: start..<end, isQuoted: isQuoted))
    offset = isQuoted ? end + 1 : end
  }
  return fields
}

/// The wire format of RDATA in presentation format, names relative to `example.`.
func rdata(_ text: String, of type: RRType) throws -> [UInt8] {
  var wire: [UInt8] = []
  let octets = Array(text.utf8)
  try appendRData(
    of: type, text: octets.span, fields: fields(of: text), from: 0, origin: [7] + Array("example".utf8) + [0], to: &wire
  )
  return wire
}

/// Reads a whole request: the query, or what is wrong with it, and the QNAME's length.
func read(_ request: [UInt8]) -> (query: Query, error: WireError?, nameLength: Int) {
  var query = Query()
  var name = NameKey()
  do throws(WireError) {
    try query.read(request.span, name: &name)
  } catch {
    return (query, error, 0)
  }
  return (query, nil, name.length)
}
