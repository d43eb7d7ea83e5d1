import FlatMemory

@testable import Server

/// Any stream of octets, however cut, gives the same requests and holds no more than one. An input is eight sizes of
/// pieces, used in turn, then the stream.
struct StreamTarget: FuzzTarget {
  init() {}

  func run(_ input: [UInt8]) {
    let sizes = input.prefix(8).map { max(1, Int($0) * Int($0)) }
    let stream = Array(input.dropFirst(8))
    let cut = requests(in: stream, pieces: sizes)
    let octets = requests(in: stream, pieces: [1])
    let whole = requests(in: stream, pieces: [.max])
    hold(cut == whole && octets == whole, "the requests are the same however the stream is cut")
    var offset = 0
    for request in whole.found {
      hold(request.count >= 12 && request.count == Int(stream[offset]) << 8 | Int(stream[offset + 1]), "whole requests")
      hold(stream[(offset + 2)...].starts(with: request), "the stream's octets, in order")
      offset += 2 + request.count
    }
  }

  /// What a connection reads; as `TCPWorker` does it.
  private struct Requests: Equatable {
    var found: [[UInt8]] = []
    var isBroken = false
  }

  private func requests(in stream: [UInt8], pieces: [Int]) -> Requests {
    var framing = StreamFraming()
    var input = OctetBuffer(capacity: 2 * StreamFraming.longestFrame)
    var requests = Requests()
    var offset = 0
    var piece = 0
    while offset < stream.count, !requests.isBroken {
      framing.prepare(&input, reading: 4096)
      let size = min(pieces[piece % pieces.count], input.limit - input.count, stream.count - offset)
      hold(size > 0, "there is always something to read")
      piece += 1
      input.append(stream.span.extracting(offset..<(offset + size)))
      offset += size
      let isWhole = framing.take(&input)
      hold(framing.kept.count <= StreamFraming.longestFrame, "no more is kept than one request")
      if !isWhole { continue }
      var end = 0
      while case .request(let range) = StreamFraming.next(in: input.octets, at: end) {
        requests.found.append(input.octets.octets(range))
        end = range.upperBound
      }
      requests.isBroken = StreamFraming.next(in: input.octets, at: end) == .broken
      framing.keep(input, from: end)
    }
    return requests
  }
}
