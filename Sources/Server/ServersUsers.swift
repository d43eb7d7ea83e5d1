internal import LinuxIO

/// Who runs the server of a folder, as far as those say who may: anyone can take an abstract name.
///
/// That is the user of the policy's own `user` line, for the folder's owner is believed anyway, and that of the systemd unit
/// that serves the folder, which only root writes.
func serversUsers(ofFolder folder: String, units: [String] = systemUnits) -> Set<UInt32> {
  var names: [String] = []
  let owners = [0, fileStatus(folder)?.owner]
  for entry in (try? listDirectory(folder)) ?? [] where entry.name.hasSuffix(".policy") {
    guard owners.contains(fileStatus("\(folder)/\(entry.name)")?.owner) else { continue }
    for words in lines("\(folder)/\(entry.name)") where words.count == 2 && words[0] == "user" {
      if let name = words[1].split(separator: ":").first { names.append(String(name)) }
    }
  }
  if let identity = fileStatus(folder), let unit = units.first(where: { fileStatus($0)?.owner == 0 }) {
    let text = lines(unit, separators: " =\t")
    // The folder by whatever path the unit has.
    let isServed = text.contains { words in
      words.first == "ExecStart"
        && words.contains { word in
          guard word.hasPrefix("/"), let other = fileStatus(word) else { return false }
          return other.device == identity.device && other.number == identity.number
        }
    }
    if isServed, let words = text.last(where: { $0.count == 2 && $0[0] == "User" }) { names.append(words[1]) }
  }
  return Set(names.compactMap { (try? ProcessUser.find($0, group: nil))?.number })
}

/// Where systemd finds the unit, the first that there is counting.
let systemUnits = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map { "\($0)/systemd/system/ambit.service" }

/// The words of each line of a file that is no larger than people write them; none where it cannot be read.
private func lines(_ path: String, separators: String = " \t") -> [[String]] {
  guard let octets = try? readFile(path, atMost: 1 << 20) else { return [] }
  return String(decoding: octets, as: UTF8.self).split(whereSeparator: \.isNewline).map { line in
    line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0]
      .split(whereSeparator: separators.contains).map(String.init)
  }
}
