package import DNSFormat

/// A reply beside the cache: one that is being given out, or that could not be kept, to a question of a chain of aliases
/// whose end is still being asked for.
public final class HeardReply {
  private var question: ForwardedQuestion?
  private var image = ReplyImage()

  package init() {}

  /// Becomes the reply to a question.
  package func take(_ image: borrowing ReplyImage, to question: ForwardedQuestion) {
    self.image.load(image)
    self.question = question
  }

  /// Copies the reply where it is one to this question.
  package func find(_ name: borrowing NameKey, _ kind: QuestionKind, into image: inout ReplyImage) -> Bool {
    guard let question, question.kind == kind, question.name.count == name.length else { return false }
    for offset in 0..<name.length where question.name[offset] != name.octet(at: offset) { return false }
    image.load(self.image)
    return true
  }
}
