internal import Randomness

/// Whether two servers, measured in the same time by interleaved streams, differ.
///
/// What disturbs one stream in a moment disturbs the other too, and disturbances last: singletons are neither independent nor
/// alike. So the run is cut into blocks of time, and whole blocks, with both streams in them, are drawn again and again
/// (a block bootstrap); the spread of the differences so found is the sampling error. Three differences are looked at,
/// so each is tested at a third of 5 % (Bonferroni): where the servers do not differ, all three say so in 95 % of runs.
package struct Comparison: Equatable, Sendable, Encodable {
  /// One difference: the second server's figure minus the first's.
  package struct Difference: Equatable, Sendable, Encodable {
    /// `median`, `mean` or `loss`.
    package let of: String
    package let value: Double
    /// What the difference must exceed: sampling and instrument together; nil where the sample is too small to say.
    package let uncertainty: Double?

    /// True where the servers differ, nil where that cannot be said.
    package var isBeyondUncertainty: Bool? { uncertainty.map { value.magnitude > $0 } }

    private enum CodingKeys: String, CodingKey { case of, value, uncertainty, isBeyondUncertainty = "differs" }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(of, forKey: .of)
      try container.encode(value, forKey: .value)
      try container.encode(uncertainty, forKey: .uncertainty)
      try container.encode(isBeyondUncertainty, forKey: .isBeyondUncertainty)
    }
  }

  /// Of the medians and means, where both have delays; of the losses.
  package let differences: [Difference]
  /// Into how many blocks of time the run was cut.
  package let blockCount: Int

  /// True where one differs, nil where that cannot be said.
  package var differs: Bool? {
    if differences.contains(where: { $0.isBeyondUncertainty == true }) { return true }
    return differences.isEmpty || differences.contains { $0.uncertainty == nil } ? nil : false
  }

  /// What a comparison looks at of one singleton.
  package struct Point: Equatable, Sendable {
    /// When it was to be sent, in nanoseconds after T0.
    package let due: UInt64
    /// In seconds; nil where lost, or not of the population compared.
    package let delay: Double?
    package let isLost: Bool

    package init(due: UInt64, delay: Double?, isLost: Bool) {
      self.due = due
      self.delay = delay
      self.isLost = isLost
    }
  }

  /// The point beyond which a third of 2.5 % of the normal distribution lie.
  package static let z = 2.393_979_800_092_73
  static let mostBlocks = 20
  static let fewestBlocks = 8
  /// Queries to each server without which nothing can be said.
  package static var fewestQueries: Int { fewestBlocks * 10 }

  /// - Parameters:
  ///   - instrument: by how much the instrument alone may tell the two apart, in seconds.
  ///   - seed: of the drawing.
  package init(_ first: [Point], _ second: [Point], instrument: Double, seed: UInt64) {
    let samples = [first, second]
    let end = samples.joined().reduce(1) { Swift.max($0, $1.due + 1) }
    // Ten singletons of each in a block, on average, or fewer blocks.
    let wanted = Swift.min(Comparison.mostBlocks, Swift.min(first.count, second.count) / 10)
    blockCount = Swift.max(1, wanted)
    let count = blockCount
    let canJudge = wanted >= Comparison.fewestBlocks
    func blocks(_ points: [Point]) -> [[Point]] {
      var blocks = [[Point]](repeating: [], count: count)
      for point in points { blocks[Int(Double(point.due) / Double(end) * Double(count))].append(point) }
      return blocks
    }
    let cut = samples.map(blocks)
    // A figure is as sure as it has blocks that speak of it: all, of the loss; of delays those with one.
    let speaking = cut.reduce(count) { Swift.min($0, $1.count { block in block.contains { $0.delay != nil } }) }
    func figures(_ drawn: [Int]) -> [Double?] {
      let figures = cut.map { blocks in
        var delays: [Double] = []
        var sent = 0
        var lost = 0
        for block in drawn {
          for point in blocks[block] {
            sent += 1
            if point.isLost { lost += 1 }
            if let delay = point.delay { delays.append(delay) }
          }
        }
        let mean = delays.isEmpty ? nil : delays.reduce(0, +) / Double(delays.count)
        return [middle(of: &delays), mean, sent == 0 ? nil : Double(lost) / Double(sent)]
      }
      return (0..<3).map { index in
        guard let one = figures[0][index], let other = figures[1][index] else { return nil }
        return other - one
      }
    }
    let observed = figures(Array(0..<count))
    var random = SplitMix64(seed: seed)
    // Fewer drawings of very large samples: a spread from 200 is good to 5 %.
    let rounds = canJudge ? Swift.max(200, Swift.min(400, 20_000_000 / Swift.max(1, first.count + second.count))) : 0
    var drawn: [[Double]] = [[], [], []]
    for _ in 0..<rounds {
      let picked = (0..<count).map { _ in Int.random(in: 0..<count, using: &random) }
      for (index, figure) in figures(picked).enumerated() { if let figure { drawn[index].append(figure) } }
    }
    let losses = samples.map { points in points.count { $0.isLost } }
    differences = ["median", "mean", "loss"].enumerated().compactMap { index, name in
      guard let value = observed[index] else { return nil }
      let blocks = name == "loss" ? count : speaking
      guard canJudge, blocks >= Comparison.fewestBlocks else {
        return Difference(of: name, value: value, uncertainty: nil)
      }
      let factor =
        studentQuantile(z: Comparison.z, degrees: blocks - 1) * (Double(blocks) / Double(blocks - 1)).squareRoot()
      var half = factor * spread(of: drawn[index])
      if name == "loss" {
        // Where nothing or next to nothing is lost, blocks show no spread: then the binomial one rules.
        half = Swift.max(half, scoreHalf((losses[0], first.count), (losses[1], second.count), isPositive: value > 0))
      } else {
        half = (half * half + instrument * instrument).squareRoot()
      }
      return Difference(of: name, value: value, uncertainty: half)
    }
  }
}

/// The median; reorders. Selection, as a full sort of every drawing would take most of the time.
private func middle(of values: inout [Double]) -> Double? {
  if values.isEmpty { return nil }
  let upper = selected(values.count / 2, &values)
  if values.count % 2 == 1 { return upper }
  // What stands before the selected place is no larger: the lower middle is the largest of it.
  let lower = values[..<(values.count / 2)].reduce(-Double.infinity, Swift.max)
  return (lower + upper) / 2
}

/// The value that would stand at `rank` were the values sorted (Hoare's selection).
private func selected(_ rank: Int, _ values: inout [Double]) -> Double {
  var low = 0
  var high = values.count - 1
  while low < high {
    let pivot = values[(low + high) / 2]
    var i = low
    var j = high
    while i <= j {
      while values[i] < pivot { i += 1 }
      while pivot < values[j] { j -= 1 }
      if i <= j {
        values.swapAt(i, j)
        i += 1
        j -= 1
      }
    }
    if rank <= j { high = j } else if rank >= i { low = i } else { return values[rank] }
  }
  return values[rank]
}

private func spread(of values: [Double]) -> Double {
  let mean = values.reduce(0, +) / Double(values.count)
  return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(Swift.max(1, values.count - 1))).squareRoot()
}

/// How far from the observed difference of two ratios no difference may be (Newcombe's interval from Wilson's two).
private func scoreHalf(_ first: (part: Int, whole: Int), _ second: (part: Int, whole: Int), isPositive: Bool) -> Double
{
  guard let one = ratio(first.part, of: first.whole, z: Comparison.z),
    let other = ratio(second.part, of: second.whole, z: Comparison.z)
  else { return 1 }
  let a = isPositive ? other.value - (other.low ?? 0) : (other.high ?? 1) - other.value
  let b = isPositive ? (one.high ?? 1) - one.value : one.value - (one.low ?? 0)
  return (a * a + b * b).squareRoot()
}
