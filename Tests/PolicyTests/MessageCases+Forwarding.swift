/// `forward`, `forward-cache`, `allow-private`, `local-zones`, `reverse-zones`.
let forwardCases: [MessageCase] = [
  MessageCase(
    """
    forward . 192.0.2.53 192.0.2.54:5353 [::1]:53 2001:db8::53
    context a { from 10.0.0.0/8; forward . 192.0.2.54; forward corp.example off }
    forward-cache 64MiB ttl 1h negative 90 stale off
    allow-private corp.example. 10.0.0.0/8
    local-zones off
    reverse-zones on
    """),
  MessageCase(
    """
    forward .
    forward . localhost
    forward . 192.0.2.53:0 192.0.2.54
    forward . 0.0.0.0
    forward . ff02::fb
    forward . 192.0.2.53 192.0.2.53:53
    forward . off 192.0.2.53
    forward a..b 192.0.2.53
    """,
    #"p:1:1: error: "forward" needs more after it; write forward ZONE SERVER[:PORT]..., or forward ZONE off"#,
    #"p:2:11: error: "localhost" is no address of a server; write for example 192.0.2.53, [2001:db8::53]:53 or off"#,
    #"p:3:11: error: "192.0.2.53:0" is no address of a server; write for example 192.0.2.53, [2001:db8::53]:53 or off"#,
    #"p:4:11: error: "0.0.0.0" is no address of a server; write for example 192.0.2.53, [2001:db8::53]:53 or off"#,
    #"p:5:11: error: "ff02::fb" is no address of a server; write for example 192.0.2.53, [2001:db8::53]:53 or off"#,
    #"p:6:22: error: "192.0.2.53:53" is there twice; keep one"#,
    #"p:7:15: error: "192.0.2.53" is one word too many for "forward"; write forward ZONE SERVER[:PORT]..., or forward ZONE off"#,
    #"p:8:9: error: "a..b" has an empty label (RFC 1035 §3.1); remove the extra dot"#),
  MessageCase(
    """
    forward *.corp.example 192.0.2.53
    forward * 192.0.2.53
    forward a.*.b 192.0.2.53
    forward 10.0.0.0/8 192.0.2.53
    forward 172.16.0.0/12 192.0.2.53
    forward 0.0.0.0/0 192.0.2.53
    forward fd00:12::/30 192.0.2.53
    forward 10.0.0.0/33 192.0.2.53
    forward 192.0.2.53 192.0.2.54
    forward 2001:db8::1 192.0.2.54
    forward 0/25.2.0.192.in-addr.arpa 192.0.2.53
    """,
    #"p:1:9: error: "*.corp.example" is one name, a zone has all names below it; write forward corp.example"#,
    #"p:2:9: error: "*" is one name, a zone has all names below it; write forward ."#,
    #"p:3:9: error: "a.*.b" is one name, a zone has all names below it; write a line for each zone that is meant"#,
    #"p:4:9: error: "10.0.0.0/8" are addresses, and a zone belongs here; for their reverse names write forward 10.in-addr.arpa"#,
    #"p:5:9: error: "172.16.0.0/12" are addresses, and a zone belongs here; for their reverse names write forward 16.172.in-addr.arpa up to forward 31.172.in-addr.arpa, a line each"#,
    #"p:6:9: error: "0.0.0.0/0" are addresses, and a zone belongs here; for their reverse names write forward in-addr.arpa"#,
    #"p:7:9: error: "fd00:12::/30" are addresses, and a zone belongs here; for their reverse names write forward 0.1.0.0.0.0.d.f.ip6.arpa up to forward 3.1.0.0.0.0.d.f.ip6.arpa, a line each"#,
    #"p:8:9: error: "10.0.0.0/33" is no address or prefix; write for example 10.20.0.0/16 or ::1"#,
    #"p:9:9: error: "192.0.2.53" is an address, and the zone comes first; for every name write forward . 192.0.2.53, for the address's reverse name forward 53.2.0.192.in-addr.arpa"#,
    #"p:10:9: error: "2001:db8::1" is an address, and the zone comes first; for every name write forward . 2001:db8::1, for the address's reverse name forward 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"#
  ),
  MessageCase(
    """
    listen 127.0.0.1:53 0.0.0.0:5300
    forward . 192.0.2.53
    forward . 192.0.2.54
    forward a 127.0.0.1 192.0.2.1
    forward b 127.0.0.53:5300
    service s. { forward . 192.0.2.53 }
    """,
    #"p:3:1: error: names below . are forwarded already, see p:2; write all servers in one line"#,
    #"p:4:11: error: 127.0.0.1:53 is where this server listens (see p:1): it would ask itself; write another server's address"#,
    #"p:5:11: error: 127.0.0.53:5300 is where this server listens (see p:1): it would ask itself; write another server's address"#,
    #"p:6:14: error: "forward" does not belong in a service; write it at the top level or in a context"#),
  MessageCase(
    """
    forward . 127.0.0.1:5300
    """,
    #"p:1:11: error: 127.0.0.1:5300 is where this server listens (without a "listen"): it would ask itself; write another server's address"#
  ),
  MessageCase(
    """
    forward-cache 32
    forward-cache 1KiB
    forward-cache off ttl 5
    forward-cache 1MiB ttl
    forward-cache 1MiB ttl 8d
    forward-cache 1MiB ttl 5 ttl 5
    forward-cache 1MiB for 5
    forward-cache 1MiB stale 99999999999999999999d
    forward-cache off
    forward-cache 1MiB
    """,
    #"p:1:15: error: "32" is no size of a cache; write 1MiB to 64GiB, for example 64MiB, or off"#,
    #"p:2:15: error: "1KiB" is no size of a cache; write 1MiB to 64GiB, for example 64MiB, or off"#,
    #"p:3:19: error: "ttl" is one word too many for "forward-cache"; write forward-cache SIZE [ttl TIME] [negative TIME] [stale TIME|off], or forward-cache off"#,
    #"p:4:1: error: "forward-cache" needs more after it; write forward-cache SIZE [ttl TIME] [negative TIME] [stale TIME|off], or forward-cache off"#,
    #"p:5:24: error: "8d" is no time; write 1s to 7d, for example 90s, 5m, 1h or 1d"#,
    #"p:6:26: error: "ttl" is already said in this line; keep one"#,
    #"p:7:20: error: "for" is not understood here; write forward-cache SIZE [ttl TIME] [negative TIME] [stale TIME|off], or forward-cache off"#,
    #"p:8:26: error: "99999999999999999999d" is no time; write 1s to 7d, for example 90s, 5m, 1h or 1d"#,
    #"p:10:1: error: "forward-cache" is already said at p:9; keep one"#),
  MessageCase(
    """
    allow-private 10.0.0.0/33 a..b
    local-zones maybe
    reverse-zones on off
    """,
    #"p:1:15: error: "10.0.0.0/33" is no address or prefix; write for example 10.20.0.0/16 or ::1"#,
    #"p:1:27: error: "a..b" has an empty label (RFC 1035 §3.1); remove the extra dot"#,
    #"p:2:13: error: "maybe" is not understood here; write on or off"#,
    #"p:3:18: error: "off" is one word too many for "reverse-zones"; write reverse-zones on|off"#),
]
