public import FlatMemory

/// How a zone hashes its names: what an NSEC3PARAM record and every NSEC3 record begins with (RFC 5155 §3.2, §4.2).
public struct NSEC3Parameters: BitwiseCopyable, Sendable {
  /// 1 is SHA-1, the only one there is.
  public let algorithm: UInt8
  /// Hashings after the first. RFC 9276 §3.1 wants none.
  public let iterations: UInt16
  /// Of an NSEC3PARAM none is defined (RFC 5155 §4.1.2).
  public let flags: UInt8
  /// Where the salt is in the memory that was read.
  let salt: Int
  let saltSize: Int

  /// Reads the RDATA at `offset` of flat memory, which is whole.
  public init(_ memory: borrowing FlatArray<UInt8>, rdataAt offset: Int) {
    algorithm = memory[offset]
    flags = memory[offset &+ 1]
    iterations = UInt16(bigEndian: memory.load(offset &+ 2, as: UInt16.self))
    saltSize = Int(memory[offset &+ 4])
    salt = offset &+ 5
  }

  /// More iterations than this are refused: each is a hash that any asker makes us compute. Validators take no more
  /// either (RFC 9276 §3.2).
  package static let mostIterations = 150

  /// True for an NSEC3PARAM that answers may rest on: the hash is known, flags are clear (RFC 5155 §4.1.2).
  public var isUsable: Bool { algorithm == 1 && flags == 0 }
}

extension OrderKey {
  /// Takes the hashed owner name (RFC 5155 §5) of the ancestor of `name` with `labels` labels: the label that its NSEC3
  /// record is at, directly below the apex.
  ///
  /// IH(salt, x, 0) = H(x || salt); IH(salt, x, k) = H(IH(salt, x, k-1) || salt).
  public mutating func load(
    nsec3Of name: borrowing NameKey, labels: Int, _ parameters: NSEC3Parameters, _ memory: borrowing FlatArray<UInt8>,
    using hash: inout SHA1
  ) {
    hash.begin()
    var offset = name.start(ofSuffix: labels)
    while offset < name.length {
      hash.append(name.octet(at: offset))
      offset &+= 1
    }
    hash.append(salt: parameters, memory)
    hash.finish()
    var round: UInt16 = 0
    while round < parameters.iterations {
      // The digest is the state that `begin` overwrites: it goes by this key's own octets.
      var index = 0
      clear()
      while index < 20 {
        append(plain: hash.digest(index))
        index &+= 1
      }
      hash.begin()
      index = 0
      while index < 20 {
        hash.append(self[index])
        index &+= 1
      }
      hash.append(salt: parameters, memory)
      hash.finish()
      round &+= 1
    }
    clear()
    append(base32hexOf: hash)
    append(plain: 0)
  }

  /// RFC 4648 §7 without padding, in small letters: 20 octets are 32 digits, and their order is the octets' order.
  private mutating func append(base32hexOf hash: borrowing SHA1) {
    var bits: UInt64 = 0
    var index = 0
    while index < 20 {
      bits = bits &<< 8 | UInt64(hash.digest(index))
      index &+= 1
      if index % 5 != 0 { continue }
      var shift: UInt64 = 40
      while shift > 0 {
        shift &-= 5
        let digit = UInt8(truncatingIfNeeded: bits &>> shift & 31)
        append(plain: digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
      }
    }
  }
}

extension SHA1 {
  fileprivate mutating func append(salt parameters: NSEC3Parameters, _ memory: borrowing FlatArray<UInt8>) {
    var index = 0
    while index < parameters.saltSize {
      append(memory[parameters.salt &+ index])
      index &+= 1
    }
  }
}
