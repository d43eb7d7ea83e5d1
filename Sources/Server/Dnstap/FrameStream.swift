internal import FlatMemory

/// Frame Streams: frames with their length before them, between control frames, which an escape of four zero octets
/// announces. In a file START … STOP; with a collector READY, ACCEPT, START … STOP, FINISH.
enum FrameStream {
  /// What the frames hold: dnstap's messages.
  static let contentType = Array("protobuf:dnstap.Dnstap".utf8)
  /// The most octets of a control frame, without the escape and its length.
  static let longestControl = 512

  enum Control: UInt32, Sendable {
    case accept = 1, start, stop, ready, finish
  }

  /// The number of a control frame's one field.
  private static let contentTypeField: UInt32 = 1

  static let start = control(.start, hasContentType: true)
  static let ready = control(.ready, hasContentType: true)
  static let stop = control(.stop, hasContentType: false)

  /// A control frame with its escape and its length.
  static func control(_ type: Control, hasContentType: Bool) -> [UInt8] {
    var body = wire(type.rawValue)
    if hasContentType { body += wire(contentTypeField) + wire(UInt32(contentType.count)) + contentType }
    return wire(0) + wire(UInt32(body.count)) + body
  }

  private static func wire(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
  }

  /// What a control frame says, without its escape and length; nil where it makes no sense.
  static func read(_ body: Span<UInt8>) -> (type: UInt32, contentTypes: [[UInt8]])? {
    guard body.count >= 4 else { return nil }
    var types: [[UInt8]] = []
    var offset = 4
    while offset < body.count {
      guard offset <= body.count - 8, body.u32(at: offset) == contentTypeField else { return nil }
      let size = Int(body.u32(at: offset + 4))
      offset += 8
      guard size <= body.count - offset else { return nil }
      types.append(body.octets(offset..<offset + size))
      offset += size
    }
    return (body.u32(at: 0), types)
  }
}

/// What a collector says to who sends it frames: told octet by octet, without a socket.
struct FrameStreamReplies {
  enum Reply: Equatable {
    /// It takes our frames: START may be sent.
    case accepted
    /// It has read all.
    case finished
    /// It is no collector of dnstap, and why.
    case broken(String)
  }

  private var waiting: [UInt8] = []

  /// Takes what came.
  /// - Returns: what it says, once that is whole; control frames of types that are not known are passed over.
  mutating func take(_ octets: [UInt8]) -> Reply? {
    waiting += octets
    while waiting.count >= 4 {
      if waiting.span.u32(at: 0) != 0 { return .broken("it sends frames, and should read them") }
      guard waiting.count >= 8 else { return nil }
      let size = Int(waiting.span.u32(at: 4))
      guard size <= FrameStream.longestControl else { return .broken("it sends what is no control frame") }
      guard waiting.count >= 8 + size else { return nil }
      let said = FrameStream.read(waiting.span.extracting(8..<8 + size))
      waiting.removeFirst(8 + size)
      guard let said else { return .broken("it sends what is no control frame") }
      switch FrameStream.Control(rawValue: said.type) {
      case .accept:
        let isOurs = said.contentTypes.isEmpty || said.contentTypes.contains(FrameStream.contentType)
        return isOurs ? .accepted : .broken("it takes other content than dnstap's")
      case .finish: return .finished
      case .start, .stop, .ready: return .broken("it sends frames, and should read them")
      case nil: continue
      }
    }
    return nil
  }
}
