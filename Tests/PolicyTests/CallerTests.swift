import Addresses
import FlatMemory
import Testing

@testable import Policy

@Suite("DESIGN §3.1: who calls")
struct CallerTableTests {
  @Test(arguments: [
    ("127.0.0.1", "laptop", "", "from 127.0.0.0/8"), ("::1", "laptop", "", "from ::1"),
    ("10.20.3.4", "test", "", "from 10.20.0.0/16"), ("10.30.7.1", "prod", "", "from 10.30.0.0/16"),
    ("10.30.1.5", "shard-a", "", "from 10.30.1.0/24"), ("10.30.1.17", "shard-a", "orders", "from 10.30.1.0/24"),
    ("10.30.2.31", "shard-b", "orders", "from 10.30.2.0/24"), ("10.30.9.9", "prod", "batch", "from 10.30.0.0/16"),
  ])
  func `the longest prefix places a caller and names its service`(
    source: String, context: String, service: String, basis: String
  ) throws {
    let compiled = try example()
    let caller = compiled.callers.caller(Evidence(source: try IPAddress(source).orThrow(), listenerContext: nil))
    #expect(caller.isPlaced)
    #expect(compiled.contextName(caller.context) == context)
    #expect(compiled.serviceName(caller.service) == service)
    #expect(compiled.callers.basis(caller.contextBasis)?.text == basis)
    #expect((caller.serviceBasis == 0) == service.isEmpty)
  }

  @Test func `a listener that a context claims decides before the source`() throws {
    let compiled = try example()
    let test = try UInt16(compiled.policy.contexts.number(of: "test").orThrow())
    let caller = compiled.callers.caller(Evidence(source: try IPAddress("10.30.1.17").orThrow(), listenerContext: test))
    #expect(compiled.contextName(caller.context) == "test")
    #expect(compiled.serviceName(caller.service) == "orders")
    #expect(compiled.callers.basis(caller.contextBasis)?.text == "listen 127.0.0.54:53")
    var buffer = OctetBuffer(capacity: 100)
    compiled.callers.appendBasis(caller.serviceBasis, to: &buffer)
    #expect(text(buffer) == "runs-at 10.30.1.16/28 (orders.policy:3)")
  }

  @Test func `a caller in no context is not placed and is refused`() throws {
    let compiled = try example()
    let caller = compiled.callers.caller(Evidence(source: IPAddress(v4: 0xc000_0201), listenerContext: nil))
    #expect(caller == Caller(context: 0, isPlaced: false))
    #expect(compiled.judgePlacement(caller) == Refusal(.placement, reason: 0))
  }

  @Test func `context default takes whoever is in no other`() throws {
    let compiled = CompiledPolicy(try policy("context default { mode observe }; context a { from 10.0.0.0/8 }"))
    let caller = compiled.callers.caller(Evidence(source: IPAddress(v4: 0xc000_0201), listenerContext: nil))
    #expect(caller.isPlaced)
    #expect(compiled.contextName(caller.context) == "default")
    #expect(compiled.mode(caller.context) == .observe)
    #expect(compiled.callers.basis(caller.contextBasis)?.text == "context default")
    #expect(
      compiled.contextName(
        compiled.callers.caller(Evidence(source: IPAddress(v4: 0x0a00_0001), listenerContext: nil)).context)
        == "a")
  }

  @Test func `without contexts everyone is placed in the root`() throws {
    let compiled = CompiledPolicy(try policy(""))
    let caller = compiled.callers.caller(Evidence(source: IPAddress(v4: 1), listenerContext: nil))
    #expect(caller == Caller(context: 0))
    #expect(compiled.judgePlacement(caller) == nil)
  }

  @Test(arguments: [
    ("10.40.1.1", "prod"), ("10.30.1.1", "shard-a"), ("10.30.3.1", "prod"), ("127.0.0.9", "laptop"), ("9.9.9.9", ""),
  ])
  func `an endpoint is of the context whose longest prefix covers it`(address: String, context: String) throws {
    let compiled = try example()
    #expect(compiled.contextName(compiled.endpoints.context(of: try IPAddress(address).orThrow())) == context)
  }
}

/// The design's example, compiled.
func example() throws -> CompiledPolicy {
  let (policy, diagnostics) = read(("zones/ambit.policy", exampleServer), ("zones/orders.policy", exampleOrders))
  if let first = diagnostics.first { throw first }
  return CompiledPolicy(try policy.orThrow())
}

/// What was written.
func text(_ buffer: borrowing OctetBuffer) -> String {
  String(decoding: (0..<buffer.count).map { buffer[$0] }, as: UTF8.self)
}
