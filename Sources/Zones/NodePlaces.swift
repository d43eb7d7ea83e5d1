internal import Contexts
package import FlatMemory
internal import ZoneFile

/// Where each node's data was written: which context's file, and the line of its first record. For who asks why.
///
/// Beside the zone's own memory and out of the way of queries. Data that lies together was mostly written together, so a
/// place is the difference to the one before: some three octets. Every 32nd is written out, for a binary search. What an
/// overlay says as it was before is the same data with a place more.
package struct NodePlaces: ~Copyable, Sendable {
  /// A line of a file.
  package struct Place: BitwiseCopyable, Sendable {
    /// Counted from 1.
    package let line: UInt32
    /// False for what no file says: an override.
    package var isInFile: Bool { line != 0 }
    fileprivate let file: UInt32
    /// The context whose overlay it is; 0 for the base.
    package let context: UInt16
  }

  /// Places in a block, at least: those of the same data are in one.
  private static let blockSize = 32

  /// For each block where the data of its first place is, and in the lower half where in `steps` it starts.
  private let blocks: FlatArray<UInt64>
  /// For each place three numbers of seven bits an octet: how far its data is behind that of the place before; the
  /// difference in lines, its sign in bit 1, and in bit 0 whether the file is another; then that file, if so. The line
  /// before is the last one of file 0 or, in any other file, the last one that was not of file 0: overlays follow the
  /// order of the base, each in its own file. A block starts as if lines 0 of file 0 went before.
  private let steps: FlatArray<UInt8>
  /// The files' names, one after the other; file n is `octets[starts[n] ..< starts[n + 1]]`.
  private let octets: FlatArray<UInt8>
  private let starts: FlatArray<UInt32>
  /// For each file, which context it is for.
  private let contexts: FlatArray<UInt16>
  /// For each file, the last context in that one.
  private let lastContexts: FlatArray<UInt16>
  /// True where some data are of no file.
  private let hasUnwritten: Bool

  init(_ builder: consuming Builder) {
    blocks = FlatArray(builder.blocks)
    octets = FlatArray(builder.octets)
    starts = FlatArray(builder.starts)
    contexts = FlatArray(builder.contexts)
    lastContexts = FlatArray(builder.lastContexts)
    hasUnwritten = builder.hasUnwritten
    steps = builder.steps.finish()
  }

  /// Octets that it takes.
  var size: Int { blocks.count * 8 + steps.count + octets.count + starts.count * 4 + contexts.count * 4 }

  /// Where the data at an offset of the zone's memory comes from, for a context that sees it: of the files that have it,
  /// the innermost overlay's that the context is in.
  func place(ofData data: Int, context: UInt16) -> Place? {
    var low = 0
    var high = blocks.count
    while high &- low > 1 {
      let middle = (low &+ high) >> 1
      if Int(blocks[middle] >> 32) <= data { low = middle } else { high = middle }
    }
    guard low < high else { return nil }
    var current = Int(blocks[low] >> 32)
    var offset = Int(UInt32(truncatingIfNeeded: blocks[low]))
    let end = low &+ 1 < blocks.count ? Int(UInt32(truncatingIfNeeded: blocks[low &+ 1])) : steps.count
    var lines = (base: 0, other: 0)
    var file = 0
    var found: Place?
    while offset < end, current <= data {
      current &+= number(&offset)
      let step = number(&offset)
      if step & 1 != 0 { file = number(&offset) }
      let difference = step & 2 == 0 ? step >> 2 : -(step >> 2)
      if file == 0 { lines.base &+= difference } else { lines.other &+= difference }
      guard current == data, contexts[file] <= context, context <= lastContexts[file] else { continue }
      if let found, found.context > contexts[file] { continue }
      found = Place(
        line: UInt32(file == 0 ? lines.base : lines.other), file: UInt32(file), context: contexts[file])
    }
    return found
  }

  /// True where the data at an offset are of no file, for a context that sees them; at once where there are none such.
  func isUnwritten(data: Int, context: UInt16) -> Bool {
    hasUnwritten && place(ofData: data, context: context)?.isInFile == false
  }

  private func number(_ offset: inout Int) -> Int {
    var value = 0
    var shift = 0
    while true {
      let octet = Int(steps[offset])
      offset &+= 1
      value |= (octet & 0x7f) &<< shift
      if octet & 0x80 == 0 { return value }
      shift &+= 7
    }
  }

  /// Appends a place's file: `mesh.test.zone`, `laptop/mesh.test.zone`.
  package func appendFile(of place: Place, to buffer: inout OctetBuffer) {
    let start = Int(starts[Int(place.file)])
    buffer.append(octets, from: start, count: Int(starts[Int(place.file) &+ 1]) &- start)
  }

  /// Collects places, data in ascending order.
  struct Builder: ~Copyable {
    fileprivate var blocks: [UInt64] = []
    fileprivate var steps = OctetBuilder(capacity: 64)
    fileprivate var octets: [UInt8] = []
    fileprivate var starts: [UInt32] = [0]
    fileprivate var contexts: [UInt16] = []
    fileprivate var lastContexts: [UInt16] = []
    fileprivate var hasUnwritten = false
    /// By layer, the number of its first file.
    private var firstFiles: [Int] = []
    /// Places in the block.
    private var count = 0
    private var last = (data: 0, line: 0, otherLine: 0, file: 0)

    /// Of no file.
    init() {}

    init(_ source: ZoneSource, _ tree: ContextTree) {
      for layer in source.layers {
        firstFiles.append(starts.count - 1)
        for file in layer.records.files {
          // An overlay's folder is its context's name, and says more than the file's own.
          let shown = file.split(separator: "/").suffix(layer.context == 0 ? 1 : 2).joined(separator: "/")
          octets += shown.utf8
          starts.append(UInt32(octets.count))
          contexts.append(UInt16(layer.context))
          lastContexts.append(UInt16(tree.nodes[layer.context].last))
        }
      }
    }

    mutating func add(_ reference: RecordReference, data: Int, _ source: ZoneSource) {
      let record = source.record(reference)
      add(line: Int(record.line), file: Int(record.file), layer: Int(reference.layer), data: data)
    }

    mutating func add(line: Int, file: Int, layer: Int, data: Int) {
      if blocks.isEmpty || count >= NodePlaces.blockSize && data != last.data {
        blocks.append(UInt64(data) << 32 | UInt64(steps.count))
        last = (data, 0, 0, 0)
        count = 0
      }
      count += 1
      if line == 0 { hasUnwritten = true }
      let file = firstFiles[layer] + file
      let difference = line - (file == 0 ? last.line : last.otherLine)
      append(data - last.data)
      append(abs(difference) << 2 | (difference < 0 ? 2 : 0) | (file == last.file ? 0 : 1))
      if file != last.file { append(file) }
      if file == 0 { last.line = line } else { last.otherLine = line }
      (last.data, last.file) = (data, file)
    }

    private mutating func append(_ number: Int) {
      var rest = number
      while rest > 0x7f {
        steps.append(host: UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      steps.append(host: UInt8(truncatingIfNeeded: rest))
    }
  }
}

extension CompiledZone {
  /// Where the data of a node, as a context sees it, was written; nil where it has none, and no overlay took any away.
  package func place(of node: ZoneNode, context: UInt16) -> NodePlaces.Place? {
    places.place(ofData: node.firstRRset, context: context)
  }

  /// True where the data of a node, found for a context, are an override's: no file has them.
  package func isOverride(_ node: ZoneNode, context: UInt16) -> Bool {
    places.isUnwritten(data: node.firstRRset, context: context)
  }
}
