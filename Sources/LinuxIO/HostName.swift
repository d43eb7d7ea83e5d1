package import Addresses
internal import Glibc

/// Asks the system (`/etc/hosts`, DNS, and whatever else it is told) for the addresses of a host, in the order in which it would
/// have them tried. May take seconds.
/// - Returns: the addresses; where there are none, why. Link-local ones, which hold only together
///   with an interface, are left out.
package func addresses(ofHost name: String) -> (found: [IPAddress], reason: String) {
  var wanted = unsafe addrinfo()
  unsafe wanted.ai_socktype = Int32(SOCK_DGRAM.rawValue)
  var list: UnsafeMutablePointer<addrinfo>?
  // Safe: the name is a C string for the call, which writes one pointer; the list is freed once, after its last use.
  let error = unsafe getaddrinfo(name, nil, &wanted, &list)
  if error != 0 {
    if error == EAI_SYSTEM { return ([], SystemError("find", name, errno: errno).reason) }
    let words = unsafe String(cString: gai_strerror(error))
    return ([], words.prefix(1).lowercased() + words.dropFirst())
  }
  defer { unsafe freeaddrinfo(list) }
  var found: [IPAddress] = []
  var next = unsafe list
  while let item = unsafe next {
    unsafe next = item.pointee.ai_next
    var address = KernelAddress()
    unsafe address.write { memory, length in
      unsafe length.pointee = Swift.min(length.pointee, item.pointee.ai_addrlen)
      // Safe: as many octets as the list's address has, and no more than there is room for.
      if let source = unsafe item.pointee.ai_addr { unsafe memcpy(memory, source, Int(length.pointee)) }
    }
    guard let known = address.socketAddress?.address, !known.isLinkLocal, !found.contains(known) else { continue }
    found.append(known)
  }
  return (found, "it has no address that can be asked")
}

extension IPAddress {
  /// Of fe80::/10 (RFC 4291 §2.5.6).
  fileprivate var isLinkLocal: Bool { !isIPv4 && high >> 54 == 0x3fa }
}
