/// True for `0` to `9`.
package func isDigit(_ octet: UInt8) -> Bool { octet &- 48 < 10 }

/// The value of `0` to `9`, `a` to `f`, `A` to `F`; nil for anything else.
package func hexadecimalDigit(_ octet: UInt8) -> UInt8? {
  switch octet {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): octet - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): octet - UInt8(ascii: "A") + 10
  default: nil
  }
}
