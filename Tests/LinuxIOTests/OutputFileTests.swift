import Glibc
import Synchronization
import Testing

@testable import LinuxIO

@Suite("What a command found is written whole, or it says so")
struct OutputFileTests {
  @Test func `a pipe that is read slowly gets all of it`() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let (reading, writing) = (ends[0], ends[1])
    let count = Counter()
    let text = String(repeating: "a line of what was found\n", count: 20_000)
    let reader = try WorkerThread.start(name: "reader") {
      var memory = [UInt8](repeating: 0, count: 3000)
      while true {
        let got = read(reading, &memory, memory.count)
        if got <= 0 { break }
        count.value.add(got, ordering: .relaxed)
      }
    }
    try OutputFile("/dev/fd/\(writing)").write(text)
    close(writing)
    reader.join()
    close(reading)
    #expect(count.value.load(ordering: .relaxed) == text.utf8.count)
  }

  @Test func `a full disk is an error`() throws {
    let file = try OutputFile("/dev/full")
    #expect(throws: SystemError("write", "/dev/full", errno: ENOSPC)) { try file.write("x") }
  }

  @Test func `what cannot be opened is an error at once`() {
    #expect(throws: SystemError.self) { _ = try OutputFile("/nonexistent/file") }
  }

  @Test func `a host's addresses are found, one that there is not has a reason`() throws {
    let (found, _) = addresses(ofHost: "localhost")
    #expect(!found.isEmpty && found.allSatisfy { ["127.0.0.1", "::1"].contains($0.description) })
    let (none, reason) = addresses(ofHost: "a..b")
    #expect(none.isEmpty && !reason.isEmpty)
  }
}

private final class Counter: Sendable {
  let value = Atomic(0)
}
