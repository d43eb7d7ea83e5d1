import LinuxIO
import Testing

@Suite("The process: who it is, and what it may have")
struct ProcessTests {
  @Test func `root is a user and root's group a group`() throws {
    #expect(try ProcessUser.find("root", group: nil).name == "root")
    #expect(try ProcessUser.find("root", group: "root").name == "root")
    #expect(try ProcessUser.find("4294967294", group: "65534").name == "4294967294")
  }

  @Test func `who is not there is named, with what to do`() {
    #expect(
      refusal { () throws(SystemError) in _ = try ProcessUser.find("no-such-user", group: nil) }
        == "cannot find user no-such-user: there is none; add it (useradd --system NAME) or name another")
    #expect(
      refusal { () throws(SystemError) in _ = try ProcessUser.find("root", group: "no-such-group") }
        == "cannot find group no-such-group: there is none; add it (groupadd --system NAME) or name another")
    for name in ["", "-1", "4294967295", "99999999999", "a b", "ä"] {
      #expect(refusal { () throws(SystemError) in _ = try ProcessUser.find(name, group: nil) } != nil)
    }
  }

  @Test func `whoever is the user already may become it; others but root may not`() throws {
    if isRoot { return }
    #expect(
      refusal { () throws(SystemError) in try ProcessUser.find("root", group: nil).become() }
        == "cannot become user root: operation not permitted; start as root, or as that user, or leave the user out")
  }

  @Test func `what is no program that may be run is told why`() {
    #expect(whyNotRunnable("/bin/sh") == nil)
    #expect(whyNotRunnable("/no/such/program") == "no such file or directory")
    #expect(whyNotRunnable("/") == "it is a folder")
    #expect(whyNotRunnable("/dev/null") == "it is no file")
    #expect(whyNotRunnable("/etc/passwd") == "it may not be executed (chmod +x)")
  }

  @Test func `want of addresses is an error and no trap`() throws {
    try tryAddressSpace(1 << 20, for: "1 worker")
    let text = refusal { () throws(SystemError) in try tryAddressSpace(1 << 50, for: "9 workers") }
    #expect(text?.hasPrefix("cannot reserve 1073741824 MB of addresses for 9 workers: ") == true)
    #expect(text?.hasSuffix("; raise the limit (ulimit -v) or take fewer workers (--workers)") == true)
  }

  @Test func `the limit on open files can be raised to what is allowed, again and again`() {
    let limit = raiseDescriptorLimit()
    #expect(limit > 0 && raiseDescriptorLimit() == limit)
  }
}
