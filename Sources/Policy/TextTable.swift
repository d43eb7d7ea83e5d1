package import FlatMemory

/// Short texts by number, as octets in one arena, so that a response can quote them without an allocation.
///
/// Number 0 is the empty text.
public struct TextTable: ~Copyable, Sendable {
  private let octets: FlatArray<UInt8>
  /// Text n is `octets[starts[n] ..< starts[n + 1]]`.
  private let starts: FlatArray<UInt32>

  init(_ builder: Builder) {
    octets = FlatArray(builder.octets)
    starts = FlatArray(builder.starts)
  }

  /// How many texts there are, the empty one at number 0 included.
  package var count: Int { starts.count - 1 }

  /// Appends a text's octets.
  package func append(_ number: UInt32, to buffer: inout OctetBuffer) {
    let start = Int(starts[Int(number)])
    buffer.append(octets, from: start, count: Int(starts[Int(number) + 1]) - start)
  }

  /// A text, for the control plane.
  package func text(_ number: UInt32) -> String {
    String(decoding: octets.octets(Int(starts[Int(number)])..<Int(starts[Int(number) + 1])), as: UTF8.self)
  }

  /// Collects texts.
  struct Builder {
    fileprivate var octets: [UInt8] = []
    fileprivate var starts: [UInt32] = [0, 0]
    private var numbers: [String: UInt32] = ["": 0]

    /// Adds a text and gives its number, whether or not there is an equal one.
    @discardableResult mutating func add(_ text: String) -> UInt32 {
      octets.append(contentsOf: text.utf8)
      starts.append(UInt32(octets.count))
      return UInt32(starts.count - 2)
    }

    /// The number of a text, which is added where it is new.
    mutating func number(of text: String) -> UInt32 {
      if let number = numbers[text] { return number }
      let number = add(text)
      numbers[text] = number
      return number
    }
  }
}
