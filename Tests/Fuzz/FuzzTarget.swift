// Fuzz: what libFuzzer calls with every input it makes up. scripts/fuzz builds and runs it; the targets are files of this
// folder, one each. Seeds are in Corpus/, the configuration that messages are answered from in Configuration/.

import FlatMemory
import Glibc

/// Something that must hold for any input.
protocol FuzzTarget {
  /// Sets up what all inputs share.
  init()
  /// Ends the program where the input is one that something does not hold for.
  mutating func run(_ input: [UInt8])
}

/// Named by the environment, since libFuzzer starts its own program again, with its own arguments, to minimise a corpus.
private nonisolated(unsafe) var target: any FuzzTarget = {
  switch getenv("AMBIT_FUZZ_TARGET").map({ String(cString: $0) }) {
  case "message": MessageTarget()
  case "zone": ZoneTarget()
  case "policy": PolicyTarget()
  case "tcp": StreamTarget()
  case "proxy": ProxyTarget()
  case "http": HTTPTarget()
  case "reply": ReplyTarget()
  default: fatalError("AMBIT_FUZZ_TARGET names no target; start this with scripts/fuzz")
  }
}()

/// libFuzzer's entry point.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.run(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

/// Ends the program where something does not hold, and says what: libFuzzer keeps the input.
func hold(_ isSo: Bool, _ what: @autoclosure () -> String) {
  if !isSo { fatalError("does not hold: \(what())") }
}

/// The parts of a text between lines of three hyphens; at least `count` of them.
func parts(_ input: [UInt8], atLeast count: Int) -> [[UInt8]] {
  var parts: [[UInt8]] = [[]]
  for line in input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
    if line.elementsEqual("---".utf8) {
      parts.append([])
    } else {
      if !parts[parts.count - 1].isEmpty { parts[parts.count - 1].append(UInt8(ascii: "\n")) }
      parts[parts.count - 1] += line
    }
  }
  return parts + Array(repeating: [], count: max(0, count - parts.count))
}
