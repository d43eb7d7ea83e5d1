internal import FlatMemory

/// Tells a text from every other: its size, and 128 bits hashed from all of it under a key of this process.
///
/// Whether a file changed is asked of what is in it, never of its times: a file may be replaced within one tick of the
/// clock, keep its time when it is copied, or be reached by a link that leads elsewhere now.
struct TextFingerprint: Hashable, Sendable {
  private let count: Int
  private let left: UInt64
  private let right: UInt64

  /// The key: no two texts are alike by chance, and who writes them, the operator, has nothing to gain from two that are.
  private static let key = (0..<4).map { _ in UInt64.random(in: .min ... .max) | 1 }

  /// Reads all of the text once, eight octets at a time.
  init(_ text: Span<UInt8>) {
    let (leftKey, leftFactor, rightKey, rightFactor) = (Self.key[0], Self.key[1], Self.key[2], Self.key[3])
    var left = leftKey, right = rightKey
    var offset = 0
    while offset < text.count {
      let word = text.paddedWord(at: offset)
      let leftProduct = (left ^ word).multipliedFullWidth(by: leftFactor)
      let rightProduct = (right &+ word).multipliedFullWidth(by: rightFactor)
      left = leftProduct.high ^ leftProduct.low &+ 1
      right = rightProduct.high ^ rightProduct.low &+ 1
      offset &+= 8
    }
    count = text.count
    (self.left, self.right) = (left, right)
  }
}
