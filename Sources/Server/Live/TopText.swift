internal import Diagnostics

/// A line of a screen: pieces of text, each in a style of its own.
package struct TopLine: Equatable, Sendable {
  /// What a piece means; what it looks like is the terminal's.
  package enum Style: Sendable {
    case plain
    case title
    case faint
    case good
    case bad
    case doubtful

    fileprivate var code: String {
      switch self {
      case .plain: ""
      case .title: "1"
      case .faint: "2"
      case .good: "32"
      case .bad: "31"
      case .doubtful: "33"
      }
    }
  }

  private(set) var pieces: [(text: String, style: Style)] = []

  /// True for a line that is cut nowhere: a message to be kept.
  var isUncut = false

  package init() {}

  init(_ text: String, _ style: Style = .plain) { add(text, style) }

  /// What is wrong: what else is drawn is from before.
  package init(problem: String) { add("\(problem); the last that was seen:", .bad) }

  /// Adds text. Whatever it has in it that is not seen, a terminal's commands too, is made visible.
  mutating func add(_ text: String, _ style: Style = .plain) { pieces.append((visible(text), style)) }

  /// Adds text in a column of so many places: cut, or filled with blanks.
  mutating func add(_ text: String, width: Int, _ style: Style = .plain) {
    let shown = cut(visible(text), to: width)
    pieces.append((shown, style))
    pieces.append((blanks(width - columns(of: shown)), .plain))
  }

  /// Adds text at the right of a column of so many places.
  mutating func add(right text: String, width: Int, _ style: Style = .plain) {
    let shown = cut(visible(text), to: width)
    pieces.append((blanks(width - columns(of: shown)), .plain))
    pieces.append((shown, style))
  }

  /// The line within a width.
  /// - Parameters:
  ///   - hasColors: with the terminal's codes for styles.
  ///   - isUnicode: false where the terminal knows ASCII only.
  package func text(within width: Int, hasColors: Bool, isUnicode: Bool) -> String {
    var room = isUncut ? Int.max : width
    var text = ""
    for (index, piece) in pieces.enumerated() where room > 0 {
      let isLast = index == pieces.count - 1
      var shown = cut(piece.text, to: room)
      room -= columns(of: shown)
      // A piece that is cut without a sign of it would read as another.
      if room == 0, !isLast, shown == piece.text, pieces[(index + 1)...].contains(where: { !$0.text.isBlank }) {
        shown = cut(shown + " ", to: columns(of: shown))
      }
      if !isUnicode { shown = ascii(shown) }
      let isStyled = hasColors && piece.style != .plain && !shown.isBlank
      text += isStyled ? "\u{1b}[\(piece.style.code)m\(shown)\u{1b}[0m" : shown
    }
    return hasColors ? text : text.withoutTrailingBlanks
  }

  package static func == (left: TopLine, right: TopLine) -> Bool {
    left.pieces.elementsEqual(right.pieces) { $0.text == $1.text && $0.style == $1.style }
  }
}

extension String {
  fileprivate var isBlank: Bool { allSatisfy { $0 == " " } }

  fileprivate var withoutTrailingBlanks: String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}

/// How many places of a terminal a text takes: two for wide letters, none for marks upon another.
func columns(of text: String) -> Int {
  if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
  return text.unicodeScalars.reduce(0) { $0 + width(of: $1) }
}

private func width(of scalar: Unicode.Scalar) -> Int {
  switch scalar.properties.generalCategory {
  case .nonspacingMark, .enclosingMark, .format, .control: return 0
  default: break
  }
  switch scalar.value {
  case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
    0xffe0...0xffe6, 0x1f300...0x1faff, 0x20000...0x3fffd:
    return 2
  default: return 1
  }
}

/// A text of at most so many places; `…` ends one that is cut.
func cut(_ text: String, to room: Int) -> String {
  if columns(of: text) <= room { return text }
  if room <= 0 { return "" }
  var shown = ""
  var taken = 0
  for character in text {
    let places = columns(of: String(character))
    if taken + places > room - 1 { break }
    shown.append(character)
    taken += places
  }
  return shown + "…"
}

private func blanks(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

/// The same for a terminal that knows ASCII only, place for place.
private func ascii(_ text: String) -> String {
  var shown = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "…": shown += "~"
    case "→": shown += ">"
    case "✗": shown += "x"
    case "×": shown += "x"
    case "±": shown += "~"
    case "µ": shown += "u"
    case "·": shown += "-"
    case "▁", "▂": shown += "."
    case "▃", "▄": shown += ":"
    case "▅", "▆": shown += "|"
    case "▇", "█": shown += "#"
    default: shown += scalar.isASCII ? String(scalar) : String(repeating: "?", count: width(of: scalar))
    }
  }
  return shown
}

/// Numbers as a row of bars, the highest full; a blank for nothing.
func sparkline(_ values: [Double]) -> String {
  let highest = values.filter(\.isFinite).max() ?? 0
  let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
  return String(
    values.map { value in
      guard value > 0, highest > 0 else { return " " }
      return bars[value >= highest ? 7 : Int(value / highest * 8)]
    })
}

/// A rate in at most six places: `0.25`, `61.4`, `2,411`, `1.20M`.
func rateText(_ value: Double) -> String {
  guard value.isFinite, value >= 0 else { return "?" }
  if value >= 1e9 { return "many" }
  if value >= 999_999.5 { return fixed(value / 1e6, value >= 9.995e6 ? 1 : 2) + "M" }
  if value >= 999.5 { return grouped(UInt64(value.rounded())) }
  return fixed(value, value >= 99.95 || value == 0 ? 0 : value >= 9.995 ? 1 : 2)
}

/// A count in at most seven places: `61`, `31,044`, `1.20M`, `3.4G`.
func countText(_ value: UInt64) -> String {
  if value < 1_000_000 { return grouped(value) }
  for (unit, size) in [("M", 1e6), ("G", 1e9), ("T", 1e12)] where Double(value) < size * 999.95 {
    return fixed(Double(value) / size, Double(value) < size * 9.995 ? 2 : 1) + unit
  }
  return "many"
}

/// A time in at most five places, with the unit's first letter: `850n`, `9.13µ`, `1.20m`, `137s`.
func shortTime(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds > 0 else { return "0" }
  for (unit, size) in [("n", 1e-9), ("µ", 1e-6), ("m", 1e-3), ("s", 1.0)] where seconds < size * 999.5 {
    let value = seconds / size
    return fixed(value, unit == "n" || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2) + unit
  }
  return seconds < 3.6e5 ? fixed(seconds / 3600, 1) + "h" : "long"
}

/// How long: `45 s`, `12 min`, `2 h 45 min`, `9 d 4 h`.
func spanText(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "?" }
  let whole = Int(seconds)
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min" }
  if whole < 86_400 { return "\(whole / 3600) h \(whole / 60 % 60) min" }
  return "\(whole / 86_400) d \(whole / 3600 % 24) h"
}

/// The time of day of an ISO 8601 moment: `19:42:01`.
func clockText(_ time: String) -> String {
  let parts = time.split(separator: "T")
  return parts.count == 2 ? String(parts[1].prefix(8)) : time
}

private func fixed(_ value: Double, _ decimals: Int) -> String {
  let scale = [1, 10, 100][decimals]
  let scaled = Int((value * Double(scale)).rounded())
  if decimals == 0 { return "\(scaled)" }
  let fraction = "\(scaled % scale)"
  return "\(scaled / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
}
