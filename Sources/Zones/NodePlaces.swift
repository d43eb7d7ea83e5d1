package import FlatMemory
internal import ZoneFile

/// Where each node's data was written: which context's file, and the line of its first record. For who asks why.
///
/// Beside the zone's own memory and out of the way of queries: 12 octets for a version of a name, in the order of their
/// bodies, found by a binary search.
package struct NodePlaces: ~Copyable, Sendable {
  /// A line of a file.
  package struct Place: BitwiseCopyable, Sendable {
    fileprivate let body: UInt32
    /// Counted from 1.
    package let line: UInt32
    fileprivate let file: UInt16
    /// The context whose overlay it is; 0 for the base.
    package let context: UInt16
  }

  private let places: FlatArray<Place>
  /// The files' names, one after the other; file n is `octets[starts[n] ..< starts[n + 1]]`.
  private let octets: FlatArray<UInt8>
  private let starts: FlatArray<UInt32>

  init(_ builder: consuming Builder) {
    places = FlatArray(builder.places)
    octets = FlatArray(builder.octets)
    starts = FlatArray(builder.starts)
  }

  /// Where the body at an offset of the zone's memory comes from.
  func place(ofBody body: Int) -> Place? {
    var low = 0
    var high = places.count
    while high &- low > 1 {
      let middle = (low &+ high) >> 1
      if Int(places[middle].body) <= body { low = middle } else { high = middle }
    }
    return low < high && Int(places[low].body) == body ? places[low] : nil
  }

  /// Appends a place's file: `mesh.test.zone`, `laptop/mesh.test.zone`.
  package func appendFile(of place: Place, to buffer: inout OctetBuffer) {
    let start = Int(starts[Int(place.file)])
    buffer.append(octets, from: start, count: Int(starts[Int(place.file) &+ 1]) &- start)
  }

  /// Collects places, bodies in ascending order.
  struct Builder {
    fileprivate var places: [Place] = []
    fileprivate var octets: [UInt8] = []
    fileprivate var starts: [UInt32] = [0]
    /// By layer, the number of its first file.
    private var firstFiles: [Int] = []

    init(_ source: ZoneSource) {
      for layer in source.layers {
        firstFiles.append(starts.count - 1)
        for file in layer.records.files {
          // An overlay's folder is its context's name, and says more than the file's own.
          let shown = file.split(separator: "/").suffix(layer.context == 0 ? 1 : 2).joined(separator: "/")
          octets += shown.utf8
          starts.append(UInt32(octets.count))
        }
      }
    }

    mutating func add(_ reference: RecordReference, body: Int, _ source: ZoneSource) {
      let record = source.record(reference)
      let layer = Int(reference.layer)
      guard let file = UInt16(exactly: firstFiles[layer] + Int(record.file)) else { return }
      places.append(
        Place(body: UInt32(body), line: record.line, file: file, context: UInt16(source.layers[layer].context)))
    }
  }
}

extension CompiledZone {
  /// Where a node's data was written; nil where it has none, and no overlay took any away.
  package func place(of node: ZoneNode) -> NodePlaces.Place? { places.place(ofBody: node.body) }
}
