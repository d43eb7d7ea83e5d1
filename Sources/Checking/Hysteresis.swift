/// Whether one endpoint is well: as many checks in a row as the policy says change it.
package struct Hysteresis: Equatable, Sendable {
  /// Checks in a row that it takes, each at least 1.
  package var up: Int
  package var down: Int
  /// True until the checks say otherwise: an endpoint that was never checked is given.
  package private(set) var isUp = true
  /// False until a check has ended.
  package private(set) var isKnown = false
  /// Checks in a row that ended alike, so far.
  package private(set) var run = 0
  /// How those ended.
  package private(set) var wasSuccess = true

  package init(up: Int, down: Int) { (self.up, self.down) = (max(1, up), max(1, down)) }

  /// True where the last checks spoke against what it is taken for: it may change soon.
  package var isUnsettled: Bool { isKnown && wasSuccess != isUp }

  /// How many of the last checks in a row failed.
  package var failures: Int { wasSuccess ? 0 : run }

  /// Takes how a check ended.
  /// - Returns: true where the endpoint is up now and was down before, or the other way round.
  package mutating func take(success: Bool) -> Bool {
    run = isKnown && success == wasSuccess ? min(run + 1, 1_000_000) : 1
    (isKnown, wasSuccess) = (true, success)
    guard success != isUp, run >= (success ? up : down) else { return false }
    isUp = success
    return true
  }
}
