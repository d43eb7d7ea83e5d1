internal import Answering
internal import DNSFormat
internal import Policy

/// The contexts of a snapshot as they are served: who is in each, and which files make up what it sees.
enum LiveContexts {
  static let most = 512
  private static let mostWords = 64

  /// Parents before their children, the one that all are in first.
  static func rows(_ snapshot: Snapshot) -> [LiveState.Context] {
    let policy = snapshot.policy.policy
    let layers = Dictionary(grouping: snapshot.layers, by: \.context)
    return policy.contexts.nodes.indices.prefix(most).map { number in
      let node = policy.contexts.nodes[number]
      let overlays = path(from: number, policy).flatMap { layers[$0] ?? [] }
      return LiveState.Context(
        name: name(number, policy),
        parent: number == 0 ? nil : name(node.parent, policy),
        mode: snapshot.policy.mode(UInt16(number)).rawValue,
        denyAs: snapshot.policy.denyAs(context: UInt16(number), service: 0).kind.rawValue,
        isSealed: node.isSealed,
        from: policy.contextDetails[number].from.prefix(mostWords).map { "\($0.prefix)" },
        listeners: policy.listens.filter { $0.context == number }.prefix(mostWords).map { "\($0.address)" },
        isolatedFrom: partners(of: number, policy),
        overlays: overlays.prefix(mostWords).map { layer in
          LiveState.Overlay(
            zone: layer.origin.description, context: layer.context == 0 ? nil : name(layer.context, policy),
            file: clipped(layer.file), names: layer.nameCount)
        }, overlaysLeftOut: max(0, overlays.count - mostWords))
    }
  }

  /// The context and those it inherits from, the nearest first: none beyond a sealed one.
  private static func path(from number: Int, _ policy: Policy) -> [Int] {
    var path: [Int] = []
    for context in policy.contexts.path(from: number) {
      path.append(context)
      if policy.contexts.nodes[context].isSealed { break }
    }
    return path
  }

  private static func name(_ number: Int, _ policy: Policy) -> String {
    number == 0 ? "(everyone)" : clipped(policy.contexts.nodes[number].name)
  }

  /// The contexts that it, or one it is in, is isolated from; in the order of lines, each once.
  private static func partners(of number: Int, _ policy: Policy) -> [String] {
    let around = Set(policy.contexts.path(from: number))
    var partners: [Int] = []
    for isolation in policy.isolations where isolation.contexts.contains(where: around.contains) {
      for other in isolation.contexts where !around.contains(other) && !partners.contains(other) {
        if partners.count < mostWords { partners.append(other) }
      }
    }
    return partners.map { name($0, policy) }
  }
}
