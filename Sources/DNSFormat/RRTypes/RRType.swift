/// The type of an RR, by its number (RFC 1035 §3.2.2). What each type's RDATA holds stands in ``RRTypeTable``.
public struct RRType: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
  /// The number on the wire.
  public let rawValue: UInt16

  /// Any number is a type (RFC 3597 §3).
  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Any number is a type (RFC 3597 §3).
  @inlinable public init(_ number: UInt16) { rawValue = number }
}

// The types that the answer algorithm itself must know. All others are rows of the table and nothing else.
extension RRType {
  @inlinable static package var a: RRType { RRType(1) }
  @inlinable static package var ns: RRType { RRType(2) }
  @inlinable static package var cname: RRType { RRType(5) }
  @inlinable static package var soa: RRType { RRType(6) }
  @inlinable static package var ptr: RRType { RRType(12) }
  @inlinable static package var mx: RRType { RRType(15) }
  @inlinable static package var txt: RRType { RRType(16) }
  @inlinable static package var aaaa: RRType { RRType(28) }
  @inlinable static package var srv: RRType { RRType(33) }
  @inlinable static package var dname: RRType { RRType(39) }
  @inlinable static package var opt: RRType { RRType(41) }
  @inlinable static package var ds: RRType { RRType(43) }
  @inlinable static package var rrsig: RRType { RRType(46) }
  @inlinable static package var nsec: RRType { RRType(47) }
  @inlinable static package var dnskey: RRType { RRType(48) }
  @inlinable static package var nsec3: RRType { RRType(50) }
  @inlinable static package var nsec3param: RRType { RRType(51) }
  @inlinable static package var cds: RRType { RRType(59) }
  @inlinable static package var cdnskey: RRType { RRType(60) }
  @inlinable static package var svcb: RRType { RRType(64) }
  @inlinable static package var https: RRType { RRType(65) }
  @inlinable static package var any: RRType { RRType(255) }

  /// Types for which an alias is not followed: the alias itself, and what may stand beside it (RFC 4035 §2.5, RFC 1034
  /// §3.6.2).
  @inlinable package var standsBesideAlias: Bool {
    self == .cname || self == .any || self == .rrsig || self == .nsec
  }

  /// IXFR and AXFR: a question for a whole zone (RFC 1995, RFC 5936).
  @inlinable package var isTransfer: Bool { rawValue == 251 || rawValue == 252 }

  /// Types that exist only in questions or messages, never in a zone (RFC 6895 §3.1): OPT, and 128 to 255.
  @inlinable package var isMeta: Bool { rawValue == 41 || rawValue >= 128 && rawValue <= 255 || rawValue == 0 }
}

extension RRType {
  /// The type called so, in any case, or written as `TYPE65280` (RFC 3597 §5).
  package init?(mnemonic: String) {
    let upper = mnemonic.uppercased()
    if let row = RRTypeTable.byMnemonic[upper] {
      self = row.type
    } else if upper.hasPrefix("TYPE"), upper.dropFirst(4).utf8.allSatisfy({ $0 &- 48 < 10 }),
      let number = UInt16(upper.dropFirst(4))
    {
      self.init(number)
    } else {
      return nil
    }
  }
}

extension RRType: CustomStringConvertible {
  /// The mnemonic, or `TYPE65280` for a type without one.
  public var description: String { RRTypeTable.row(of: self)?.mnemonic ?? "TYPE\(rawValue)" }
}
