import DNSFormat
import Testing

@testable import Answering

@Suite("RFC 1034 §6: the example zones and their queries, in supported types")
struct RFC1034Tests {
  /// The root zone and EDU of §6.1 as server C.ISI.EDU has them; HINFO and classes left out, MX as it stands.
  private let fixture: Fixture

  init() throws {
    fixture = try Fixture([
      "..zone": """
      $TTL 86400
      .       IN SOA  SRI-NIC.ARPA. HOSTMASTER.SRI-NIC.ARPA. 870611 1800 300 604800 86400
              NS      A.ISI.EDU.
              NS      C.ISI.EDU.
              NS      SRI-NIC.ARPA.
      MIL.    NS      SRI-NIC.ARPA.
              NS      A.ISI.EDU.
      EDU.    NS      SRI-NIC.ARPA.
              NS      C.ISI.EDU.
      SRI-NIC.ARPA.   A  26.0.0.73
                      A  10.0.0.51
                      MX 0 SRI-NIC.ARPA.
                      TXT "DEC-2060" "TOPS20"
      ACC.ARPA.       A  26.6.0.65
                      TXT "PDP-11/70" "UNIX"
                      MX 10 ACC.ARPA.
      USC-ISIC.ARPA.  CNAME C.ISI.EDU.
      73.0.0.26.IN-ADDR.ARPA.   PTR SRI-NIC.ARPA.
      65.0.6.26.IN-ADDR.ARPA.   PTR ACC.ARPA.
      51.0.0.10.IN-ADDR.ARPA.   PTR SRI-NIC.ARPA.
      52.0.0.10.IN-ADDR.ARPA.   PTR C.ISI.EDU.
      103.0.3.26.IN-ADDR.ARPA.  PTR A.ISI.EDU.
      A.ISI.EDU.  A 26.3.0.103
      C.ISI.EDU.  A 10.0.0.52
      """,
      "EDU.zone": """
      $TTL 86400
      EDU.      IN SOA SRI-NIC.ARPA. HOSTMASTER.SRI-NIC.ARPA. 870729 1800 300 604800 86400
                NS SRI-NIC.ARPA.
                NS C.ISI.EDU.
      UCI       172800 NS ICS.UCI
                172800 NS ROME.UCI
      ICS.UCI   172800 A 192.5.19.1
      ROME.UCI  172800 A 192.5.19.31
      ISI       172800 NS VAXA.ISI
                172800 NS A.ISI
                172800 NS VENERA.ISI.EDU.
      VAXA.ISI  172800 A 10.2.0.27
                172800 A 128.9.0.33
      VENERA.ISI.EDU. 172800 A 10.1.0.52
                172800 A 128.9.0.32
      A.ISI     172800 A 26.3.0.103
      UDEL.EDU. 172800 NS LOUIE.UDEL.EDU.
      LOUIE.UDEL.EDU. 172800 A 10.0.0.96
      """,
    ])
  }

  @Test func `§6.2.1 SRI-NIC.ARPA A`() throws {
    let reply = try fixture.ask("SRI-NIC.ARPA.", .a)
    #expect(reply.isAuthoritative && reply.data == ["10.0.0.51", "26.0.0.73"])
  }

  @Test func `§6.2.2 SRI-NIC.ARPA all types: one RRset of them (RFC 8482 §4.1)`() throws {
    let reply = try fixture.ask("SRI-NIC.ARPA.", .any)
    #expect(reply.isAuthoritative && reply.data == ["10.0.0.51", "26.0.0.73"])
  }

  @Test func `§6.2.3 SRI-NIC.ARPA MX, its addresses beside it`() throws {
    let reply = try fixture.ask("SRI-NIC.ARPA.", .mx)
    #expect(reply.answer == ["SRI-NIC.ARPA. 86400 MX 0 SRI-NIC.ARPA."])
    #expect(reply.additional.sorted() == ["SRI-NIC.ARPA. 86400 A 10.0.0.51", "SRI-NIC.ARPA. 86400 A 26.0.0.73"])
  }

  @Test func `§6.2.4 SRI-NIC.ARPA NS: there are none`() throws {
    let reply = try fixture.ask("SRI-NIC.ARPA.", .ns)
    #expect(reply.isAuthoritative && reply.rcode == "NOERROR" && reply.answer.isEmpty)
  }

  @Test func `§6.2.5 SIR-NIC.ARPA A: a name that does not exist`() throws {
    let reply = try fixture.ask("SIR-NIC.ARPA.", .a)
    #expect(reply.isAuthoritative && reply.rcode == "NXDOMAIN" && reply.answer.isEmpty)
    #expect(reply.authority == [". 86400 SOA SRI-NIC.ARPA. HOSTMASTER.SRI-NIC.ARPA. 870611 1800 300 604800 86400"])
  }

  @Test func `§6.2.6 BRL.MIL A: a referral, with the addresses of its servers`() throws {
    let reply = try fixture.ask("BRL.MIL.", .a)
    #expect(!reply.isAuthoritative && reply.rcode == "NOERROR" && reply.answer.isEmpty)
    #expect(reply.authority == ["MIL. 86400 NS SRI-NIC.ARPA.", "MIL. 86400 NS A.ISI.EDU."])
    // A.ISI.EDU is glue of the root zone in the RFC; EDU has it as glue below its own cut.
    #expect(
      Set(reply.additional).isSuperset(of: ["SRI-NIC.ARPA. 86400 A 26.0.0.73", "SRI-NIC.ARPA. 86400 A 10.0.0.51"]))
    #expect(reply.additional.contains { $0.hasPrefix("A.ISI.EDU.") && $0.hasSuffix("26.3.0.103") })
  }

  @Test func `§6.2.7 USC-ISIC.ARPA A: an alias, followed into the other zone to its referral`() throws {
    let reply = try fixture.ask("USC-ISIC.ARPA.", .a)
    #expect(reply.isAuthoritative && reply.rcode == "NOERROR")
    #expect(reply.answer == ["USC-ISIC.ARPA. 86400 CNAME C.ISI.EDU."])
    #expect(reply.authority.allSatisfy { $0.hasPrefix("ISI.EDU. 172800 NS") } && reply.authority.count == 3)
  }

  @Test func `§6.2.8 USC-ISIC.ARPA CNAME: the alias itself`() throws {
    let reply = try fixture.ask("USC-ISIC.ARPA.", RRType(5))
    #expect(reply.answer == ["USC-ISIC.ARPA. 86400 CNAME C.ISI.EDU."] && reply.authority.isEmpty)
  }

  @Test func `§6.3.1 ISI.EDU MX, as EDU's server refers`() throws {
    let reply = try fixture.ask("ISI.EDU.", .mx)
    #expect(!reply.isAuthoritative && reply.answer.isEmpty)
    #expect(
      reply.authority == [
        "ISI.EDU. 172800 NS VAXA.ISI.EDU.", "ISI.EDU. 172800 NS A.ISI.EDU.", "ISI.EDU. 172800 NS VENERA.ISI.EDU.",
      ])
    #expect(
      reply.additional.sorted() == [
        "A.ISI.EDU. 172800 A 26.3.0.103", "VAXA.ISI.EDU. 172800 A 10.2.0.27", "VAXA.ISI.EDU. 172800 A 128.9.0.33",
        "VENERA.ISI.EDU. 172800 A 10.1.0.52", "VENERA.ISI.EDU. 172800 A 128.9.0.32",
      ])
  }

  @Test func `§6.3.2 the name of an address`() throws {
    #expect(try fixture.ask("65.0.6.26.IN-ADDR.ARPA.", .ptr).answer == ["65.0.6.26.IN-ADDR.ARPA. 86400 PTR ACC.ARPA."])
    #expect(try fixture.ask("0.6.26.IN-ADDR.ARPA.", .ptr).rcode == "NOERROR")  // an empty non-terminal
  }
}
