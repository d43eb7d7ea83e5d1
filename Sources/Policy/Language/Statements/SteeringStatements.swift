internal import Addresses
internal import Diagnostics

// What a service says of its endpoints: which of them callers are given, and in what order.

/// `weight ADDRESS N[, ADDRESS N]...`: relative shares.
func readWeight(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  guard words.count.isMultiple(of: 2) else { return reader.refuseForm(statement) }
  for first in stride(from: 0, to: words.count, by: 2) {
    // The comma ends an address's sentence; it may be left out, and stands nowhere else.
    if words[first + 1].followsComma { return reader.refuseForm(statement, at: words[first + 1]) }
    let prefixes = reader.prefixes([words[first]])
    guard let share = reader.number(words[first + 1], in: 0...65535, example: "90") else { continue }
    reader.steering.weights += prefixes.map { Steering.Weight(prefix: $0, share: UInt32(share)) }
  }
}

/// `drain ADDRESS...`: given to nobody any more.
func readDrain(_ statement: Statement, _ reader: inout PolicyReader) {
  reader.steering.drained += reader.prefixes(statement.words)
}

/// `canary ADDRESS... N%`: for a share of the callers.
func readCanary(_ statement: Statement, _ reader: inout PolicyReader) {
  let prefixes = reader.prefixes(Array(statement.words.dropLast()))
  guard let word = statement.words.last, let share = reader.thousandths(word) else { return }
  reader.steering.canaries.append(
    Steering.Canary(prefixes: prefixes, share: share, location: statement.keyword.location))
}

/// `blue ADDRESS...`, `green ADDRESS...`: two sets, of which `live` says which is given.
func readColour(_ statement: Statement, _ reader: inout PolicyReader) {
  guard let colour = Steering.Colour(rawValue: statement.keyword.text) else { return }
  let prefixes = reader.prefixes(statement.words)
  reader.steering.colours[colour, default: []] += prefixes
}

/// `live blue|green`.
func readLive(_ statement: Statement, _ reader: inout PolicyReader) {
  guard let colour: Steering.Colour = reader.choice(statement.words[0]), reader.isFirst(statement) else { return }
  reader.steering.live = colour
}

/// `max-answers N`.
func readMaxAnswers(_ statement: Statement, _ reader: inout PolicyReader) {
  guard let most = reader.number(statement.words[0], in: 1...1000, example: "2"), reader.isFirst(statement) else {
    return
  }
  reader.steering.mostAnswers = most
}

/// `prefer near|any`, of a service or as the default of all.
func readPrefer(_ statement: Statement, _ reader: inout PolicyReader) {
  let word = statement.words[0]
  guard ["near", "any"].contains(word.text) else { return reader.refuseForm(statement, at: word) }
  if reader.place == .top { return reader.setOnce(\.prefersNear, to: word.text == "near", by: statement) }
  if reader.isFirst(statement) { reader.steering.prefersNear = word.text == "near" }
}

/// `floor N%`.
func readFloor(_ statement: Statement, _ reader: inout PolicyReader) {
  let word = statement.words[0]
  guard word.text.hasSuffix("%"), let percent = reader.number(word.text.dropLast(), in: 0...100) else {
    reader.diagnostics.error(
      at: word.location, "\(quoted(word.text)) is no share here; write 0% to 100%, for example 50%")
    return
  }
  if reader.isFirst(statement) { reader.steering.floor = percent }
}

/// `fail open`, `fail refuse`, `fail fallback SERVICE`.
func readFail(_ statement: Statement, _ reader: inout PolicyReader) {
  let words = statement.words
  let count = words[0].text == "fallback" ? 2 : 1
  if words.count < count { return reader.refuseForm(statement) }
  if words.count > count { return reader.refuseSurplus(statement, from: count) }
  switch words[0].text {
  case "open" where reader.isFirst(statement): reader.steering.failure = .open
  case "refuse" where reader.isFirst(statement): reader.steering.failure = .refuse
  case "fallback" where reader.isFirst(statement):
    reader.draft.services[reader.draft.services.count - 1].fallback = .init(word: words[1], origin: reader.origin)
  case "open", "refuse", "fallback": return
  default: reader.refuseForm(statement, at: words[0])
  }
}

extension PolicyReader {
  /// What the service being read says of its endpoints.
  fileprivate var steering: Steering {
    get { draft.services[draft.services.count - 1].steering }
    _modify { yield &draft.services[draft.services.count - 1].steering }
  }

  /// Notes where the service being read says what it may say once; false, with a word about it, where it said it before.
  fileprivate mutating func isFirst(_ statement: Statement) -> Bool {
    let keyword = statement.keyword
    if let first = steering.places.updateValue(keyword.location, forKey: keyword.text) {
      steering.places[keyword.text] = first
      diagnostics.error(
        at: keyword.location, "\(quoted(keyword.text)) is already said at \(first.short); keep one")
      return false
    }
    return true
  }

  /// `10%` or `0.5%`, in thousandths.
  fileprivate mutating func thousandths(_ word: Word) -> UInt32? {
    let parts = word.text.dropLast().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    if word.text.hasSuffix("%"), let whole = number(parts[0], in: 0...100), !parts[0].isEmpty,
      let tenth = parts.count == 1 ? 0 : parts[1].utf8.count == 1 ? number(parts[1], in: 0...9) : nil,
      case let share = UInt32(whole * 10 + tenth), (1...Steering.callers).contains(share)
    {
      return share
    }
    diagnostics.error(
      at: word.location, "\(quoted(word.text)) is no share of the callers; write 0.1% to 100%, for example 10%")
    return nil
  }
}
