/// The example zones of the RFCs on DNSSEC. Owners, types and RDATA are the RFCs'; the signatures and keys are stand-ins
/// of the right form, since a server copies them and looks at nothing in them but the type that they cover.
enum SignedZones {
  /// RFC 4035 Appendix A: `example.`, signed with NSEC.
  static let nsec = text(
    """
    example. SOA ns1.example. bugs.x.w.example. 1081539377 3600 300 3600000 3600
    example. NS ns1.example.
    example. NS ns2.example.
    example. MX 1 xx.example.
    example. NSEC a.example. NS SOA MX RRSIG NSEC DNSKEY
    example. DNSKEY 256 3 5 AQOy1bZVvpPqhg4j7EJoM9rI
    example. DNSKEY 257 3 5 AQOeX7+baTmvpVHb2CcLnL1d
    a.example. NS ns1.a.example. ;
    a.example. NS ns2.a.example. ;
    a.example. DS 57855 5 1 B6DCD485719ADCA18E5F3D48A2331627FDD3636B
    a.example. NSEC ai.example. NS DS RRSIG NSEC
    ns1.a.example. A 192.0.2.5 ;
    ns2.a.example. A 192.0.2.6 ;
    ai.example. A 192.0.2.9
    ai.example. HINFO "KLH-10" "ITS"
    ai.example. AAAA 2001:db8::f00:baa9
    ai.example. NSEC b.example. A HINFO AAAA RRSIG NSEC
    b.example. NS ns1.b.example. ;
    b.example. NS ns2.b.example. ;
    b.example. NSEC ns1.example. NS RRSIG NSEC
    ns1.b.example. A 192.0.2.7 ;
    ns2.b.example. A 192.0.2.8 ;
    ns1.example. A 192.0.2.1
    ns1.example. NSEC ns2.example. A RRSIG NSEC
    ns2.example. A 192.0.2.2
    ns2.example. NSEC *.w.example. A RRSIG NSEC
    *.w.example. MX 1 ai.example.
    *.w.example. NSEC x.w.example. MX RRSIG NSEC
    x.w.example. MX 1 xx.example.
    x.w.example. NSEC x.y.w.example. MX RRSIG NSEC
    x.y.w.example. MX 1 xx.example.
    x.y.w.example. NSEC xx.example. MX RRSIG NSEC
    xx.example. A 192.0.2.10
    xx.example. HINFO "KLH-10" "TOPS-20"
    xx.example. AAAA 2001:db8::f00:baaa
    xx.example. NSEC example. A HINFO AAAA RRSIG NSEC
    """)

  /// RFC 5155 Appendix A: `example.`, signed with NSEC3 and opt-out.
  static let nsec3 = text(
    """
    example. SOA ns1.example. bugs.x.w.example. 1 3600 300 3600000 3600
    example. NS ns1.example.
    example. NS ns2.example.
    example. MX 1 xx.example.
    example. DNSKEY 256 3 7 AwEAAaetidLzsKWUt4swWR8y
    example. DNSKEY 257 3 7 AwEAAcUlFV1vhmqx6NSOUOq2
    example. NSEC3PARAM 1 0 12 aabbccdd
    0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG
    2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. A 192.0.2.127
    2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. NSEC3 1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG
    2vptu5timamqttgl4luu9kg21e0aor3s.example. NSEC3 1 1 12 aabbccdd 35mthgpgcu1qg68fab165klnsnk3dpvl MX RRSIG
    35mthgpgcu1qg68fab165klnsnk3dpvl.example. NSEC3 1 1 12 aabbccdd b4um86eghhds6nea196smvmlo4ors995 NS DS RRSIG
    a.example. NS ns1.a.example. ;
    a.example. NS ns2.a.example. ;
    a.example. DS 58470 5 1 3079F1593EBAD6DC121E202A8B766A6A4837206C
    ns1.a.example. A 192.0.2.5 ;
    ns2.a.example. A 192.0.2.6 ;
    ai.example. A 192.0.2.9
    ai.example. HINFO "KLH-10" "ITS"
    ai.example. AAAA 2001:db8::f00:baa9
    b4um86eghhds6nea196smvmlo4ors995.example. NSEC3 1 1 12 aabbccdd gjeqe526plbf1g8mklp59enfd789njgi MX RRSIG
    c.example. NS ns1.c.example. ;
    c.example. NS ns2.c.example. ;
    ns1.c.example. A 192.0.2.7 ;
    ns2.c.example. A 192.0.2.8 ;
    gjeqe526plbf1g8mklp59enfd789njgi.example. NSEC3 1 1 12 aabbccdd ji6neoaepv8b5o6k4ev33abha8ht9fgc HINFO A AAAA RRSIG
    ji6neoaepv8b5o6k4ev33abha8ht9fgc.example. NSEC3 1 1 12 aabbccdd k8udemvp1j2f7eg6jebps17vp3n8i58h
    k8udemvp1j2f7eg6jebps17vp3n8i58h.example. NSEC3 1 1 12 aabbccdd kohar7mbb8dc2ce8a9qvl8hon4k53uhi
    kohar7mbb8dc2ce8a9qvl8hon4k53uhi.example. NSEC3 1 1 12 aabbccdd q04jkcevqvmu85r014c7dkba38o0ji5r A RRSIG
    ns1.example. A 192.0.2.1
    ns2.example. A 192.0.2.2
    q04jkcevqvmu85r014c7dkba38o0ji5r.example. NSEC3 1 1 12 aabbccdd r53bq7cc2uvmubfu5ocmm6pers9tk9en A RRSIG
    *.w.example. MX 1 ai.example.
    r53bq7cc2uvmubfu5ocmm6pers9tk9en.example. NSEC3 1 1 12 aabbccdd t644ebqk9bibcna874givr6joj62mlhv MX RRSIG
    t644ebqk9bibcna874givr6joj62mlhv.example. NSEC3 1 1 12 aabbccdd 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom HINFO A AAAA RRSIG
    x.w.example. MX 1 xx.example.
    x.y.w.example. MX 1 xx.example.
    xx.example. A 192.0.2.10
    xx.example. HINFO "KLH-10" "TOPS-20"
    xx.example. AAAA 2001:db8::f00:baaa
    """)

  /// A zone file of records, one a line, each RRset with a signature; those of lines that end in `;` have none.
  static func text(_ records: String, apex: String = "example.", ttl: Int = 3600) -> String {
    var lines = ["$TTL \(ttl)"]
    var signed: Set<String> = []
    for record in records.split(separator: "\n").map(String.init) {
      lines.append(record)
      let fields = record.split(separator: " ").map(String.init)
      if fields.last == ";" || !signed.insert("\(fields[0]) \(fields[1])").inserted { continue }
      lines.append("\(fields[0]) RRSIG \(signature(of: fields[0], fields[1], apex: apex, ttl: ttl))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The RDATA of the stand-in signature over an RRset.
  static func signature(of owner: String, _ type: String, apex: String = "example.", ttl: Int = 3600) -> String {
    var labels = owner.split(separator: ".").count
    if owner.hasPrefix("*.") { labels -= 1 }
    return "\(type) 5 \(labels) \(ttl) 20040509183619 20040409183619 38519 \(apex) c2ln"
  }
}
