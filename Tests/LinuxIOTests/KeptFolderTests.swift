import Foundation
import TestSupport
import Testing

@testable import LinuxIO

@Suite("What outlives the process")
struct KeptFolderTests {
  private func with(_ body: (String) throws -> Void) throws {
    try withDirectory { place in
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: place)
      try body(place)
    }
  }

  private func mode(_ path: String) throws -> Int {
    try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  @Test func `what is written is read by the next, and by nobody else`() throws {
    try with { place in
      do {
        let folder = try KeptFolder("x", in: place, owner: currentUser)
        #expect(try folder.read("file", atMost: 100) == nil)
        try folder.write("file", [1, 2, 3])
        // What a process left that ended while it wrote.
        try Data([9]).write(to: URL(fileURLWithPath: "\(place)/x/file.new"))
        try folder.write("file", [4, 5])
        #expect(
          refusal { () throws(SystemError) in _ = try KeptFolder("x", in: place, owner: currentUser) }
            == "cannot lock \(place)/x: another server has it")
      }
      #expect(try mode("\(place)/x") == 0o700)
      #expect(try mode("\(place)/x/file") == 0o600)
      #expect(try listDirectory("\(place)/x").map(\.name) == ["file"])
      let next = try KeptFolder("x", in: place, owner: currentUser)
      #expect(try next.read("file", atMost: 100) == [4, 5])
      #expect(refusal { () throws(SystemError) in _ = try next.read("file", atMost: 1) } != nil)
      next.remove("file")
      next.remove("file")
      #expect(try next.read("file", atMost: 100) == nil)
    }
  }

  @Test func `one that another process has is left as it is`() throws {
    try with { place in
      let first = try KeptFolder("x", in: place, owner: isRoot ? 12345 : currentUser)
      try FileManager.default.setAttributes([.posixPermissions: 0o750], ofItemAtPath: "\(place)/x")
      #expect(
        refusal { () throws(SystemError) in _ = try KeptFolder("x", in: place, owner: isRoot ? 54321 : currentUser) }
          == "cannot lock \(place)/x: another server has it")
      #expect(try mode("\(place)/x") == 0o750)
      let owner = try FileManager.default.attributesOfItem(atPath: "\(place)/x")[.ownerAccountID] as? UInt32
      #expect(owner == (isRoot ? 12345 : currentUser))
      try first.write("file", [1])
    }
  }

  @Test func `where others can write, nothing is kept`() throws {
    try with { place in
      try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: place)
      #expect(
        refusal { () throws(SystemError) in _ = try KeptFolder("x", in: place, owner: currentUser) }
          == "cannot trust \(place): other users can write it")
    }
  }

  @Test func `a link in the folder's place is not followed, nor one in the file's`() throws {
    try with { place in
      let files = FileManager.default
      try files.createDirectory(atPath: "\(place)/real", withIntermediateDirectories: false)
      try files.createSymbolicLink(atPath: "\(place)/x", withDestinationPath: "real")
      #expect(refusal { () throws(SystemError) in _ = try KeptFolder("x", in: place, owner: currentUser) } != nil)
      let folder = try KeptFolder("y", in: place, owner: currentUser)
      try Data([1]).write(to: URL(fileURLWithPath: "\(place)/other"))
      try files.createSymbolicLink(atPath: "\(place)/y/file", withDestinationPath: "\(place)/other")
      #expect(refusal { () throws(SystemError) in _ = try folder.read("file", atMost: 100) } != nil)
      try folder.write("file", [2])
      #expect(try readFile("\(place)/other") == [1])
    }
  }

  @Test func `a file that others could have written is not believed; a folder that was open is closed`() throws {
    try with { place in
      let files = FileManager.default
      try files.createDirectory(
        atPath: "\(place)/x", withIntermediateDirectories: false, attributes: [.posixPermissions: 0o777])
      try Data([1]).write(to: URL(fileURLWithPath: "\(place)/x/file"))
      try files.setAttributes([.posixPermissions: 0o666], ofItemAtPath: "\(place)/x/file")
      let folder = try KeptFolder("x", in: place, owner: currentUser)
      #expect(try mode("\(place)/x") == 0o700)
      #expect(
        refusal { () throws(SystemError) in _ = try folder.read("file", atMost: 100) }
          == "cannot trust \(place)/x/file: other users can write it")
      try files.removeItem(atPath: "\(place)/x/file")
      try files.createDirectory(atPath: "\(place)/x/file", withIntermediateDirectories: false)
      #expect(refusal { () throws(SystemError) in _ = try folder.read("file", atMost: 100) } != nil)
    }
  }

  // MARK: - Processes

  @Test func `a process is told from others, for as long as it lives`() throws {
    let own = try #require(processIdentity(ProcessInfo.processInfo.processIdentifier))
    #expect(processIdentity(ProcessInfo.processInfo.processIdentifier) == own)
    #expect(processIdentity(0x3fff_ffff) == nil)
    var other = try ChildProgram(["/bin/sh", "-c", "echo $$; exec sleep 1000"])
    while other.printed.beginning.isEmpty {
      _ = try waitUntilReady(other.raw)
      _ = other.end()
    }
    let number = try #require(Int32(String(decoding: other.printed.firstLine, as: UTF8.self)))
    let identity = try #require(processIdentity(number))
    #expect(identity != own && processIdentity(number) == identity)
    other.kill()
    while !other.isReaped {
      _ = try waitUntilReady(other.raw)
      _ = other.end()
    }
    #expect(processIdentity(number) != identity)
    let stat = "7 (a) b) (c) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 123456 1 2 3\n"
    #expect(startTicks(Array(stat.utf8)) == 123456)
  }

  @Test func `any text of proc is read without a trap`() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<rounds(300) {
      var text = Array("7 (a) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 123456 1 2 3\n".utf8)
      for _ in 0..<random.number(1...6) where !text.isEmpty {
        let index = random.number(0...(text.count - 1))
        if random.chance(50) { text.remove(at: index) } else { text[index] = random.octets(1)[0] }
      }
      _ = startTicks(text)
      _ = startTicks(random.octets(random.number(0...80)))
    }
  }
}
