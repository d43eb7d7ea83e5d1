internal import CLinux

/// Raises the limit on open files as far as this process may.
/// - Returns: how many it may have open.
package func raiseDescriptorLimit() -> Int { max(0, clinux_raise_descriptor_limit()) }

/// Finds out whether so much memory can be addressed, so that want of it is said before anything is begun.
/// - Throws: `cannot reserve 140 MB of addresses for 2 workers: cannot allocate memory; …`
package func tryAddressSpace(_ octets: Int, for what: String) throws(SystemError) {
  try attempt("reserve", "\((octets + (1 << 20) - 1) >> 20) MB of addresses for \(what)") {
    clinux_try_address_space(octets)
  }
}
