/// A place in a text that a person wrote: the file as they named it, and where in it.
public struct SourceLocation: Hashable, Sendable, Comparable {
  /// The path as it was given or found, for example `zones/mesh.test.zone`.
  package var file: String
  /// Counted from 1; 0 means the file as a whole.
  package var line: Int
  /// Counted from 1 in octets; 0 means the line as a whole.
  package var column: Int
  /// How much of `file` the short form leaves out, in octets: the path of a folder that everyone knows, with its slash.
  /// Nil where the file's own name says enough.
  package var folderLength: Int?

  package init(file: String, line: Int = 0, column: Int = 0, folderLength: Int? = nil) {
    self.file = file
    self.line = line
    self.column = column
    self.folderLength = folderLength
  }

  /// By file, then line, then column: the order in which a person works through a list.
  public static func < (left: SourceLocation, right: SourceLocation) -> Bool {
    // The last only so that none of two that differ is the other's equal.
    (left.file, left.line, left.column, left.folderLength ?? -1)
      < (right.file, right.line, right.column, right.folderLength ?? -1)
  }

  /// The line without its column.
  package var wholeLine: SourceLocation { SourceLocation(file: file, line: line, folderLength: folderLength) }

  /// `orders.policy:6`: the short form inside a sentence, without column and without the folders that everyone knows;
  /// `teams/orders.policy:6` where there may be several of the name.
  package var short: String {
    line == 0 ? fileName : "\(fileName):\(line)"
  }

  /// The last part of the path, or what is below the folder that everyone knows.
  private var fileName: String {
    let octets = file.utf8
    if let folderLength, folderLength < octets.count {
      return String(decoding: octets.dropFirst(folderLength), as: UTF8.self)
    }
    guard octets.last != UInt8(ascii: "/") else { return file.split(separator: "/").last.map(String.init) ?? file }
    guard let slash = octets.lastIndex(of: UInt8(ascii: "/")) else { return file }
    return String(file[octets.index(after: slash)...])
  }
}

extension SourceLocation: CustomStringConvertible {
  /// `zones/orders.policy:6:9`, as editors and people read it.
  public var description: String {
    switch (line, column) {
    case (0, _): file
    case (_, 0): "\(file):\(line)"
    default: "\(file):\(line):\(column)"
    }
  }
}
