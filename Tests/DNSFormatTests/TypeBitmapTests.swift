import Testing

@testable import DNSFormat

@Suite("RFC 4034 §4.1.2: the type bitmap")
struct TypeBitmapTests {
  /// The bitmap of §4.3, which has A, MX, RRSIG, NSEC and TYPE1234.
  private let example: [UInt8] =
    [0, 6, 0x40, 1, 0, 0, 0, 3, 4, 0x1b] + [UInt8](repeating: 0, count: 26) + [0x20]

  @Test func `the RFC's example`() {
    #expect(typesInBitmap(example[...]).map(\.rawValue) == [1, 15, 46, 47, 1234])
    #expect(typeBitmapText(example[...]) == "A MX RRSIG NSEC TYPE1234")
  }

  @Test func `a window that is cut short, or longer than can be, adds no types that are not there`() {
    #expect(typesInBitmap([]).isEmpty)
    #expect(typesInBitmap(example.dropLast()).map(\.rawValue) == [1, 15, 46, 47])
    #expect(typesInBitmap([255, 40] + [UInt8](repeating: 1, count: 40)).last?.rawValue == 65535)
  }
}
