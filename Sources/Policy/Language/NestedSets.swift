internal import Diagnostics

/// Sets that have elements and other sets in them, made flat: what `group` and `network` lines come to.
///
/// Takes no more steps than `limit` allows, however they are nested, and no stack.
struct NestedSets<Element: Hashable> {
  /// What a word of a line stands for.
  enum Member {
    case element(Element, at: SourceLocation)
    case set(Int, at: SourceLocation)
  }

  /// An element, and the word that put it where it is.
  struct Placed {
    let element: Element
    let location: SourceLocation
  }

  /// How many elements all sets may come to, an element counted each time that it is in a set.
  let limit: Int
  /// By set.
  var members: [[Member]] = []
  /// By set: its elements and those of the sets in it, each once.
  private(set) var flat: [[Placed]] = []

  init(limit: Int) { self.limit = limit }

  private enum Visit {
    case new
    case open
    case done
  }

  /// Works out ``flat``; a set that is in itself is an error, and so are sets that come to too much.
  mutating func flatten(called kind: String, _ names: [Word], _ diagnostics: inout DiagnosticList) {
    flat = Array(repeating: [], count: members.count)
    var visits = Array(repeating: Visit.new, count: members.count)
    var elementsLeft = limit
    for start in members.indices where visits[start] == .new {
      visits[start] = .open
      // The sets from `start` inwards, and which member of each is next.
      var path: [(set: Int, next: Int)] = [(start, 0)]
      while let (set, next) = path.last {
        if next == members[set].count {
          visits[set] = .done
          path.removeLast()
          guard elementsLeft >= 0 else { continue }
          elementsLeft -= fill(set)
          if elementsLeft < 0 {
            flat[set] = []
            diagnostics.error(
              at: names[set].location,
              "\(kind)s come to more than \(limit) members, those of \(kind)s in \(kind)s counted each time; name fewer"
            )
          }
          continue
        }
        path[path.count - 1].next += 1
        guard case .set(let inner, let location) = members[set][next] else { continue }
        switch visits[inner] {
        case .done: break
        case .new:
          visits[inner] = .open
          path.append((inner, 0))
        case .open:
          let cycle = path.map(\.set).drop { $0 != inner } + [inner]
          let shown =
            cycle.count > 12
            ? cycle.prefix(10).map { names[$0].text } + ["...", names[inner].text] : cycle.map { names[$0].text }
          diagnostics.error(
            at: location,
            "\(kind) \(quoted(names[inner].text)) (\(names[inner].location.short)) is in itself: "
              + "\(shown.joined(separator: " has ")); remove one")
        }
      }
    }
  }

  /// Fills one set from its members, whose sets are filled; gives the steps it took.
  private mutating func fill(_ set: Int) -> Int {
    var seen: Set<Element> = []
    var elements: [Placed] = []
    var steps = 0
    for member in members[set] {
      switch member {
      case .element(let element, let location):
        steps += 1
        if seen.insert(element).inserted { elements.append(Placed(element: element, location: location)) }
      case .set(let inner, let location):
        steps += flat[inner].count
        if steps > limit { return steps }
        for placed in flat[inner] where seen.insert(placed.element).inserted {
          elements.append(Placed(element: placed.element, location: location))
        }
      }
    }
    flat[set] = elements
    return steps
  }
}
