internal import CLinux
internal import Glibc

/// A terminal on standard input and output, to be drawn on: a second screen, no echo, keys one by one. What it was before
/// comes back when this ends.
package struct Terminal: ~Copyable {
  /// What a person did.
  package enum Event: Equatable, Sendable {
    /// An octet that a key sent.
    case key(UInt8)
    /// Asked to end: by a signal, or the terminal is gone.
    case end
    /// Time is over, or the size changed.
    case nothing
  }

  private let before: termios?
  private let signals: SignalReader

  /// True where a descriptor is a terminal: 0 standard input, 1 standard output.
  package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Lines and columns of standard output's terminal; nil where it does not say.
  package static var size: (width: Int, height: Int)? {
    var width: UInt16 = 0, height: UInt16 = 0
    // Safe: two numbers are written where there is room for them.
    guard unsafe clinux_terminal_size(STDOUT_FILENO, &width, &height) == 0, width > 0, height > 0 else { return nil }
    return (Int(width), Int(height))
  }

  /// Takes the terminal over. To be called before any other thread exists: signals are blocked.
  package init() throws(SystemError) {
    signals = try SignalReader()
    var settings = termios()
    // Safe: the structure is written where it is, and read from there.
    if unsafe tcgetattr(STDIN_FILENO, &settings) == 0 {
      before = settings
      // Control-C too comes as a key, so that everything ends in one way.
      settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
      _ = unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
    } else {
      before = nil
    }
    // The other screen; the cursor hidden; long lines cut. Where nothing can be written, drawing says so.
    try? writeStandardOutput("\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l")
  }

  deinit {
    try? writeStandardOutput("\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l")
    if var settings = before { _ = unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) }
  }

  /// Draws lines over what is there.
  /// - Parameter height: lines that the terminal has; there may be as many.
  package func draw(_ lines: [String], height: Int) throws(SystemError) {
    // Home; each line cleared before it is written: behind its last letter the cursor may still be upon that.
    var text = "\u{1b}[H" + lines.map { "\u{1b}[K" + $0 }.joined(separator: "\r\n")
    if lines.count < height { text += "\r\n\u{1b}[J" }
    try writeStandardOutput(text)
  }

  /// Waits for a key, a signal, a change of size, or the end of time.
  package func wait(milliseconds: Int32) -> Event {
    var waiting = [
      pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
      pollfd(fd: signals.raw, events: Int16(POLLIN), revents: 0),
    ]
    if before == nil { waiting[0].fd = -1 }
    // Safe: the array holds as many as it is said to.
    let count = unsafe poll(&waiting, nfds_t(waiting.count), milliseconds)
    if count <= 0 { return .nothing }
    if waiting[1].revents != 0, signals.next() != nil { return .end }
    guard waiting[0].revents != 0 else { return .nothing }
    var octet: UInt8 = 0
    // Safe: one octet is written where there is room for it.
    return unsafe read(STDIN_FILENO, &octet, 1) == 1 ? .key(octet) : .end
  }
}
