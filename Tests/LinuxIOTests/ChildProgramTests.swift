import Foundation
import TestSupport
import Testing

@testable import LinuxIO

@Suite("Programs that are started")
struct ChildProgramTests {
  /// Runs a program to its end as a checker does: woken by its one descriptor, and from time to time where it is loud.
  private func run(_ script: String) throws -> (end: ChildProgram.End, printed: PrintedText) {
    var program = try ChildProgram(["/bin/sh", "-c", script])
    let poller = try Poller()
    var events = PollEvents()
    try poller.add(program.raw, token: 0)
    while true {
      try poller.wait(timeoutMilliseconds: program.isLoud ? 1 : 60_000, into: &events)
      if let end = program.end() { return (end, program.printed) }
    }
  }

  @Test func `one that prints far more than a pipe holds, on both outputs, ends as it would alone`() throws {
    let (end, printed) = try run(
      "echo first; head -c 10485760 /dev/zero | tr '\\0' x; echo; head -c 1000000 /dev/zero | tr '\\0' y >&2; "
        + "echo >&2; echo last >&2")
    #expect(end == .exit(0))
    #expect(String(decoding: printed.firstLine, as: UTF8.self) == "first")
    #expect(String(decoding: printed.lastLine, as: UTF8.self) == "last")
    #expect(printed.beginning.count == PrintedText.most && printed.end.count == PrintedText.most)
  }

  @Test func `one that leaves a child which keeps its output ends, and the child is killed`() throws {
    let (end, printed) = try run("sleep 1000 & echo $!; exit 3")
    #expect(end == .exit(3))
    let child = try #require(Int32(String(decoding: printed.firstLine, as: UTF8.self)))
    // Gone already, or about to go.
    if let watch = ProcessWatch(child) { _ = try waitUntilReady(watch.raw) }
  }

  @Test func `one that leaves a child in another group, which prints for ever, ends`() throws {
    // The child ends with the pipe.
    let (end, _) = try run("setsid sh -c 'while :; do echo x; done' & exit 0")
    #expect(end == .exit(0))
  }

  @Test(arguments: ["exec yes", "while :; do echo; done"])
  func `one that prints for ever wakes nobody after a while, but for its end`(script: String) throws {
    var program = try ChildProgram(["/bin/sh", "-c", script])
    var wakes = 0
    while !program.isLoud, wakes < 200 {
      _ = try waitUntilReady(program.raw)
      #expect(program.end() == nil)
      wakes += 1
    }
    #expect(wakes <= 100)
    let poller = try Poller()
    var events = PollEvents()
    try poller.add(program.raw, token: 0)
    for _ in 0..<10 {
      try poller.wait(timeoutMilliseconds: 0, into: &events)
      #expect(events.count == 0 && program.end() == nil)
    }
    program.kill()
    _ = try waitUntilReady(program.raw)
    #expect(program.end() == .signal(9))
  }

  @Test func `one that closes its outputs wakes nobody until it ends`() throws {
    let (end, printed) = try run("exec >&- 2>&-; exit 4")
    #expect(end == .exit(4) && printed.beginning.isEmpty)
  }

  @Test func `one that prints for ever and is killed has ended by the signal, with all its children`() throws {
    var program = try ChildProgram(["/bin/sh", "-c", "sleep 1000 & echo $!; while :; do echo x; done"])
    _ = try waitUntilReady(program.raw)
    #expect(program.end() == nil)
    program.kill()
    var end: ChildProgram.End?
    while end == nil {
      _ = try waitUntilReady(program.raw)
      end = program.end()
    }
    #expect(end == .signal(9))
    let child = try #require(Int32(String(decoding: program.printed.firstLine, as: UTF8.self)))
    if let watch = ProcessWatch(child) { _ = try waitUntilReady(watch.raw) }
    #expect(program.end() == nil)
  }

  @Test func `what was printed is the same however it came`() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<rounds(200) {
      let whole = (0..<random.number(0...20_000)).map { _ in
        random.chance(3) ? UInt8(ascii: "\n") : UInt8(random.number(97...122))
      }
      var (once, parts) = (PrintedText(), PrintedText())
      once.append(whole[...])
      var rest = whole[...]
      while !rest.isEmpty {
        let size = random.number(1...9000)
        parts.append(rest.prefix(size))
        rest = rest.dropFirst(size)
      }
      #expect(once == parts)
      #expect(once.beginning == Array(whole.prefix(PrintedText.most)))
      #expect(once.end == Array(whole.dropFirst(PrintedText.most).suffix(PrintedText.most)))
      // Only a whole line, and of what is behind the beginning.
      let isEmpty = once.end.allSatisfy { $0 == UInt8(ascii: "\n") }
      let last = isEmpty ? [] : whole.split(separator: UInt8(ascii: "\n")).last ?? []
      let isWhole = last.startIndex >= max(PrintedText.most, whole.count - PrintedText.most)
      #expect(Array(once.lastLine) == (isWhole ? Array(last) : []))
    }
  }

  @Test func `the middle of a long line is not told as the last one`() {
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: 3 * PrintedText.most)
    var text = PrintedText()
    text.append(long[...])
    #expect(text.lastLine.isEmpty)
    text.append([UInt8(ascii: "\n"), UInt8(ascii: "y"), UInt8(ascii: "\n")])
    #expect(Array(text.lastLine) == [UInt8(ascii: "y")])
  }
}
