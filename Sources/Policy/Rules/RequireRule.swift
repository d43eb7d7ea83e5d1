/// `require identity`: who is known by address alone, or not at all, may not call the service.
///
/// That holds for the service itself too: an address that is said to be its own is still only an address.
@usableFromInline enum RequireRule {
  /// The `require` line where the call is refused; 0 where it is not.
  @inlinable static func reason(_ facts: CallFacts) -> UInt32 { facts.isIdentified ? 0 : facts.row.requireReason }
}
