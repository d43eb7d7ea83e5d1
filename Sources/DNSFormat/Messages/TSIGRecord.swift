public import FlatMemory

/// A TSIG record (RFC 8945 §4.2) in a request, and the answer to it of a server that has no keys.
///
/// Ambit has no zone transfers or updates that a key would protect. RFC 8945 §5.2.1 has a server say so to a key that
/// it does not know, NOTAUTH with BADKEY, and so NSD, Knot and BIND do; the signer learns more than from silence or from an
/// answer that it must throw away for want of a signature.
public enum TSIGRecord {
  static var type: UInt16 { 250 }
  /// The TSIG error "key not recognized" (RFC 8945 §3).
  private static var badKey: UInt16 { 17 }

  /// True where the record can be interpreted: class ANY, names without compression, lengths that add up.
  static func isWellFormed(_ request: Span<UInt8>, at start: Int, nameEnd: Int, end: Int) -> Bool {
    guard request.u16(at: nameEnd &+ 2) == 255 else { return false }
    guard let key = plainName(request, at: start, limit: end), key == nameEnd,
      let algorithm = plainName(request, at: nameEnd &+ 10, limit: end), algorithm &+ 10 <= end
    else { return false }
    let other = algorithm &+ 10 &+ Int(request.u16(at: algorithm &+ 8)) &+ 4  // behind MAC, original ID and error
    return other &+ 2 <= end && other &+ 2 &+ Int(request.u16(at: other)) == end
  }

  /// The offset behind a name without pointers; nil where it is none or goes beyond `limit`.
  private static func plainName(_ request: Span<UInt8>, at start: Int, limit: Int) -> Int? {
    var offset = start
    while offset < limit, request[offset] <= 63 {
      if request[offset] == 0 { return offset &+ 1 <= start &+ 255 ? offset &+ 1 : nil }
      offset &+= 1 &+ Int(request[offset])
    }
    return nil
  }

  /// The octets of a well-formed record that its answer starts with: owner, type, class and TTL; and behind its RDLENGTH
  /// the algorithm, time and fudge.
  private static func echoed(_ request: Span<UInt8>, at start: Int) -> (head: Range<Int>, data: Range<Int>) {
    let nameEnd = plainName(request, at: start, limit: request.count) ?? start
    let data = nameEnd &+ 10
    let algorithm = plainName(request, at: data, limit: request.count) ?? data
    return (start..<(nameEnd &+ 8), data..<(algorithm &+ 8))
  }

  /// Appends the unsigned answer: key, algorithm and time as they came, no MAC, the error; nothing where it does not fit.
  /// - Parameter query: read from `request`, which is signed.
  public static func appendBadKey(to query: Query, _ request: Span<UInt8>, into buffer: inout OctetBuffer) {
    guard query.signatureStart > 0 else { return }
    let start = buffer.count
    let (head, data) = echoed(request, at: Int(query.signatureStart))
    buffer.append(request.extracting(head))
    buffer.append(UInt16(truncatingIfNeeded: data.count &+ 8))
    buffer.append(request.extracting(data))
    buffer.append(0 as UInt16)  // MAC size
    buffer.append(query.id)
    buffer.append(badKey)
    buffer.append(0 as UInt16)  // no other data
    if buffer.overflowed { return buffer.truncate(to: start) }
    buffer.set(UInt16(buffer[10]) << 8 | UInt16(buffer[11]) &+ 1, at: 10)
  }
}
