internal import Addresses

// The place on the earth that LOC tells (RFC 1876 §2, §3).

/// The limits of RFC 1876 §2, in its units: thousandths of a second of arc, and centimetres.
private let equator = 1 << 31
private let altitudeZero = 10_000_000
private let degree = 3_600_000

/// True for 16 octets of version 0 on this earth.
func isLocation(_ octets: ArraySlice<UInt8>) -> Bool {
  var cursor = OctetCursor(octets)
  guard cursor.integer(octets: 1) == 0, let sizes = cursor.take(3), let latitude = cursor.integer(octets: 4),
    let longitude = cursor.integer(octets: 4)
  else { return false }
  // A mantissa and an exponent of ten, each up to 9; zero is written in one way.
  let areSizes = sizes.allSatisfy { $0 == 0 || (1...9).contains($0 >> 4) && $0 & 15 <= 9 }
  return areSizes && abs(Int(latitude) - equator) <= 90 * degree && abs(Int(longitude) - equator) <= 180 * degree
}

extension TextCursor {
  /// All fields that are left: `42 21 54 N 71 06 18 W -24m 30m 10000m 10m`, of which much may be left out.
  mutating func readLocation(text: Span<UInt8>, to wire: inout [UInt8]) throws(RDataTextError) {
    let latitude = try readAngle("latitude", max: 90, directions: "NS", text: text)
    let longitude = try readAngle("longitude", max: 180, directions: "EW", text: text)
    guard
      let altitude = metres(text, try take("altitude")), (-altitudeZero...4_284_967_295).contains(altitude)
    else { throw error(.unlike("altitude", example: "120m, from -100000.00m to 42849672.95m")) }
    wire.append(0)
    for (label, usual) in [("size", 0x12), ("horizontal precision", 0x16), ("vertical precision", 0x13)] {
      wire.append(isAtEnd ? UInt8(usual) : try readSize(label, text: text))
    }
    for value in [latitude, longitude, altitude + altitudeZero] { wire.append(integer: UInt32(value)) }
  }

  /// Degrees, perhaps minutes and seconds, then the letter of a direction.
  private mutating func readAngle(
    _ label: String, max: Int, directions: StaticString, text: Span<UInt8>
  ) throws(RDataTextError) -> Int {
    let problem = RDataTextError.Problem.unlike(
      label, example: max == 90 ? "42 21 54.5 N, up to 90 degrees" : "71 06 18 W, up to 180 degrees")
    var total = 0
    for (unit, places, limit) in [(degree, 0, max + 1), (60_000, 0, 60), (1, 3, 60_000)] {
      let range = try take(label)
      if unit != degree, let isNegative = direction(text, range, directions) {
        return equator + (isNegative ? -total : total)
      }
      guard let value = fixedPoint(text, range, places: places), value < limit else { throw error(problem) }
      total += value * unit
      if total > max * degree { throw error(problem) }
    }
    guard let isNegative = direction(text, try take(label), directions) else { throw error(problem) }
    return equator + (isNegative ? -total : total)
  }

  /// A size in metres as mantissa and exponent of centimetres; digits after the first are dropped (RFC 1876 §2).
  private mutating func readSize(_ label: String, text: Span<UInt8>) throws(RDataTextError) -> UInt8 {
    guard var value = metres(text, try take(label)), (0...9_000_000_000).contains(value) else {
      throw error(.unlike(label, example: "10m, up to 90000000.00m"))
    }
    var exponent = 0
    while value > 9 {
      value /= 10
      exponent += 1
    }
    return UInt8(value << 4 | exponent)
  }
}

/// True for the second of two letters, false for the first, in any case; nil for anything else.
private func direction(_ text: Span<UInt8>, _ range: Range<Int>, _ directions: StaticString) -> Bool? {
  guard range.count == 1 else { return nil }
  let letters = Array(directions.description.utf8)
  return letters.firstIndex(of: text[range.lowerBound] & 0xdf).map { $0 == 1 }
}

/// Metres as centimetres, the `m` optional.
private func metres(_ text: Span<UInt8>, _ range: Range<Int>) -> Int? {
  guard let last = range.last else { return nil }
  let number = text[last] | 0x20 == UInt8(ascii: "m") ? range.dropLast() : range
  guard let first = number.first, text[first] == UInt8(ascii: "-") else { return fixedPoint(text, number, places: 2) }
  return fixedPoint(text, number.dropFirst(), places: 2).map { -$0 }
}

/// A decimal number times ten to the power of `places`, which is how many digits may follow the point.
private func fixedPoint(_ text: Span<UInt8>, _ range: Range<Int>, places: Int) -> Int? {
  var value = 0, digits = 0
  var fraction: Int?
  for offset in range {
    if text[offset] == UInt8(ascii: "."), fraction == nil, digits > 0, places > 0 {
      fraction = 0
    } else if isDigit(text[offset]), digits < 15, fraction ?? 0 < places || fraction == nil {
      value = value * 10 + Int(text[offset] &- 48)
      digits += 1
      if let places = fraction { fraction = places + 1 }
    } else {
      return nil
    }
  }
  guard digits > 0 else { return nil }
  for _ in (fraction ?? 0)..<places { value *= 10 }
  return value
}

/// A location known to be one, all of it told.
func locationText(_ octets: ArraySlice<UInt8>) -> String {
  var cursor = OctetCursor(octets)
  _ = cursor.take(1)
  let sizes = (0..<3).map { _ in sizeText(UInt8(cursor.number(octets: 1))) }
  let latitude = angleText(Int(cursor.number(octets: 4)) - equator, "N", "S")
  let longitude = angleText(Int(cursor.number(octets: 4)) - equator, "E", "W")
  let altitude = Int(cursor.number(octets: 4)) - altitudeZero
  return ([latitude, longitude, (altitude < 0 ? "-" : "") + pointText(abs(altitude), places: 2) + "m"] + sizes)
    .joined(separator: " ")
}

private func angleText(_ angle: Int, _ positive: String, _ negative: String) -> String {
  let size = abs(angle)
  let seconds = pointText(size % 60_000, places: 3)
  return "\(size / degree) \(size / 60_000 % 60) \(seconds) \(angle < 0 ? negative : positive)"
}

private func sizeText(_ size: UInt8) -> String {
  let centimetres = (0..<(size & 15)).reduce(Int(size >> 4)) { value, _ in value * 10 }
  return (centimetres.isMultiple(of: 100) ? String(centimetres / 100) : pointText(centimetres, places: 2)) + "m"
}

private func pointText(_ value: Int, places: Int) -> String {
  let digits = String(value)
  let padded = String(repeating: "0", count: max(0, places + 1 - digits.utf8.count)) + digits
  return "\(padded.dropLast(places)).\(padded.suffix(places))"
}
