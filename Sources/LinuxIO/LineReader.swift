internal import FlatMemory
internal import Glibc

/// Reads a file line by line, whatever its size, or what comes on standard input.
package struct LineReader: ~Copyable {
  /// A longer line is passed over and counted.
  package static let longestLine = 1 << 20
  /// Keeps the file open; nil for standard input.
  private let descriptor: Descriptor?
  private let raw: Int32
  private let path: String
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false
  private var isSkipping = false
  /// Lines passed over because they were too long.
  package private(set) var tooLongCount = 0

  /// - Parameter path: `-` for standard input.
  package init(_ path: String) throws(SystemError) {
    self.path = path
    if path == "-" {
      descriptor = nil
      raw = STDIN_FILENO
    } else {
      // Safe: the path is handed over as a C string that lives for the call.
      raw = try attempt("read", path) { unsafe open(path, O_RDONLY | O_CLOEXEC) }
      descriptor = Descriptor(owning: raw)
    }
  }

  /// Hands over the next line, without its end.
  /// - Returns: false at the end of the file, where `body` was not called.
  package mutating func next(_ body: (Span<UInt8>) -> Void) throws(SystemError) -> Bool {
    var looked = start
    while true {
      if let end = lineEnd(from: looked) {
        defer { start = end + 1 }
        if isSkipping {
          isSkipping = false
          looked = end + 1
          continue
        }
        body(buffer.span.extracting(start..<end))
        return true
      }
      looked = buffer.count
      if isAtEnd {
        defer { start = buffer.count }
        if start == buffer.count || isSkipping { return false }
        body(buffer.span.extracting(start..<buffer.count))
        return true
      }
      looked -= start
      buffer.removeFirst(start)
      start = 0
      if buffer.count > Self.longestLine {
        if !isSkipping { tooLongCount += 1 }
        isSkipping = true
        buffer.removeAll(keepingCapacity: true)
        looked = 0
      }
      try fill()
    }
  }

  /// Where the line ends that starts before `offset`; nil where it has no end yet.
  private func lineEnd(from offset: Int) -> Int? {
    let octets = buffer.span
    var offset = offset
    while offset + 8 <= octets.count {
      // A word has an octet of zero where one less borrows from its top bit.
      let word = octets.word(at: offset) ^ 0x0a0a_0a0a_0a0a_0a0a
      if (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080 != 0 { break }
      offset += 8
    }
    while offset < octets.count {
      if octets[offset] == 10 { return offset }
      offset += 1
    }
    return nil
  }

  private mutating func fill() throws(SystemError) {
    let room = 1 << 18
    let before = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: room))
    let raw = raw
    let count = uninterrupted {
      unsafe buffer.withUnsafeMutableBytes { memory in
        // Safe: the kernel writes at most `room` octets, which were just appended.
        unsafe read(raw, memory.baseAddress.map { unsafe $0 + before }, room)
      }
    }
    let reason = errno
    buffer.removeLast(room - max(0, count))
    if count < 0 { throw SystemError("read", path, errno: reason) }
    if count == 0 { isAtEnd = true }
  }
}

/// True where the path is that of a folder.
package func isDirectory(_ path: String) -> Bool {
  var status = stat()
  // Safe: the path is a C string for the call, which writes one `stat`.
  return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
