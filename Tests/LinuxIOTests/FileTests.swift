import Foundation
import LinuxIO
import Testing

@Suite("Files and directories")
struct FileTests {
  @Test(arguments: [0, 1, 4095, 4096, 4097, 1_000_003])
  func `a file of any size is read whole`(size: Int) throws {
    try withDirectory { directory in
      let octets = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      try Data(octets).write(to: URL(fileURLWithPath: "\(directory)/file"))
      #expect(try readFile("\(directory)/file") == octets)
    }
  }

  @Test func `a file that does not tell its size is read whole`() throws {
    #expect(try readFile("/proc/self/maps").count > 4096)
    #expect(throws: SystemError.self) { _ = try readFile("/proc/self/comm", atMost: 1) }
  }

  @Test func `what cannot be read is refused by name`() throws {
    try withDirectory { directory in
      #expect(
        refusal { () throws(SystemError) in _ = try readFile("\(directory)/none") }
          == "cannot read \(directory)/none: no such file or directory")
      #expect(
        refusal { () throws(SystemError) in _ = try readFile(directory) } == "cannot read \(directory): is a directory")
      #expect(
        refusal { () throws(SystemError) in _ = try listDirectory("\(directory)/none") }
          == "cannot read \(directory)/none: no such file or directory")
    }
    #expect(SystemError("read", "x", errno: 13).description == "cannot read x: permission denied")
  }

  @Test func `a directory is listed in order of name, links followed`() throws {
    try withDirectory { directory in
      for name in ["b.zone", "a.policy", ".hidden"] {
        try Data().write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
      }
      let files = FileManager.default
      try files.createDirectory(atPath: "\(directory)/laptop", withIntermediateDirectories: false)
      try files.createSymbolicLink(atPath: "\(directory)/link", withDestinationPath: "laptop")
      try files.createSymbolicLink(atPath: "\(directory)/nowhere", withDestinationPath: "none")
      let expected = [
        (".hidden", false), ("a.policy", false), ("b.zone", false), ("laptop", true), ("link", true),
        ("nowhere", false),
      ]
      let entries = try listDirectory(directory)
      #expect(entries.map(\.name) == expected.map(\.0))
      #expect(entries.map(\.isDirectory) == expected.map(\.1))
    }
  }

  @Test func `a file is the same by any path, and its mode says whether others may see it`() throws {
    try withDirectory { directory in
      let path = "\(directory)/file"
      try Data().write(to: URL(fileURLWithPath: path))
      try FileManager.default.createSymbolicLink(atPath: "\(directory)/link", withDestinationPath: "file")
      for (mode, isOpen) in [(0o600, false), (0o640, false), (0o644, true), (0o602, true), (0o660, false)] {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        #expect(fileStatus(path)?.isOpenToOthers == isOpen)
      }
      #expect(fileStatus(path) != nil && fileStatus(path) == fileStatus("\(directory)/.//link"))
      #expect(fileStatus(path) != fileStatus(directory) && fileStatus("\(directory)/none") == nil)
    }
  }

  @Test func `a log grows, over restarts and after it was moved away`() throws {
    try withDirectory { directory in
      let path = "\(directory)/log"
      do {
        let first = try AppendFile(path)
        try first.append(Array("one\n".utf8))
      }
      var second = try AppendFile(path)
      try second.append(Array("two\n".utf8))
      try FileManager.default.moveItem(atPath: path, toPath: "\(path).1")
      try second.append(Array("three\n".utf8))
      second = try AppendFile(path)
      try second.append(Array("four\n".utf8))
      #expect(try readFile("\(path).1") == Array("one\ntwo\nthree\n".utf8))
      #expect(try readFile(path) == Array("four\n".utf8))
    }
  }

  @Test func `a full disk is told`() throws {
    let full = try AppendFile("/dev/full")
    #expect(
      refusal { () throws(SystemError) in try full.append([1]) }
        == "cannot write /dev/full: no space left on device; free some space or write elsewhere")
  }

  @Test func `a pipe as a log holds nobody up: without a reader it is refused, a full one takes nothing`() throws {
    try withDirectory { directory in
      let path = "\(directory)/pipe"
      try #require(mkfifo(path, 0o600) == 0)
      #expect(
        refusal { () throws(SystemError) in _ = try AppendFile(path) }
          == "cannot write \(path): it is a pipe that nobody reads, or a socket; start its reader first, or write to a file"
      )
      let reader = open(path, O_RDONLY | O_NONBLOCK)
      defer { close(reader) }
      let pipe = try AppendFile(path)
      let octets = [UInt8](repeating: 10, count: 1 << 20)
      let (count, error) = pipe.appendSome(octets.span)
      #expect(count > 0 && count < octets.count)
      #expect(error?.description == "cannot write \(path): its reader is behind")
      let isTakenBack = pipe.takeBack(1)
      #expect(!isTakenBack)
    }
  }

  @Test func `the host's name is the kernel's`() throws {
    let name = String(decoding: try readFile("/proc/sys/kernel/hostname"), as: UTF8.self)
    #expect(hostName() == name.split(separator: "\n").first.map(String.init) ?? "")
  }
}
