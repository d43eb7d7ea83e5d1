internal import FlatMemory

/// What is kept of a reply: its records as they go behind a question, and where their TTLs are.
///
/// One piece of memory, reused: read from an upstream's reply, copied into the cache and out of it, written into responses.
public struct ReplyImage: ~Copyable {
  var octets = OctetBuffer(capacity: ReplyImage.capacity)

  /// Octets of an image at the most: the largest message, and the places in it.
  static var capacity: Int { 112 << 10 }

  /// An image of nothing.
  public init() {}
}
