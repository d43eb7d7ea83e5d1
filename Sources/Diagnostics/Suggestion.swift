/// The word of `known` nearest to what was written, if one is near enough to be what was meant.
///
/// Distance is that of Damerau and Levenshtein (insert, delete, replace, swap neighbours), ignoring case; near enough
/// is at most a third of the word's length, and at least one letter.
package func nearest(to written: String, in known: some Sequence<String>) -> String? {
  let bound = max(1, written.count / 3)
  let letters = Array(written.lowercased().utf8)
  var best: (word: String, distance: Int)?
  for word in known {
    let candidate = Array(word.lowercased().utf8)
    if abs(candidate.count - letters.count) > bound { continue }  // as many edits at the least
    let distance = editDistance(letters, candidate)
    if distance <= bound, distance < (best?.distance ?? .max) { best = (word, distance) }
  }
  return best?.word
}

/// `; did you mean "checkout"?`, or nothing where no known word is near.
package func didYouMean(_ written: String, in known: some Sequence<String>) -> String {
  nearest(to: written, in: known).map { "; did you mean \"\($0)\"?" } ?? ""
}

/// The number of single-letter edits between two words, a swap of neighbours counting as one.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
  var beforeLast: [Int] = []
  var last = Array(0...right.count)
  for i in 1...left.count {
    var row = [i]
    for j in 1...right.count {
      var cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1))
      if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
        cost = min(cost, beforeLast[j - 2] + 1)
      }
      row.append(cost)
    }
    beforeLast = last
    last = row
  }
  return last[right.count]
}
