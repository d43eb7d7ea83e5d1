package import Answering
internal import Diagnostics
package import LinuxIO
internal import ZoneFile

/// Reads a configuration from a folder: `*.zone` and `*.policy` in it, and `*.zone` in the folders of contexts.
///
/// Hidden files, and what editors leave behind (`x.zone~`, `.x.zone.swp`), are passed over by their names.
package enum ConfigurationFolder {
  /// Lists the folder and reads the policies; zones are read when they are compiled.
  /// - Throws: where the folder or a policy cannot be read; a zone that cannot be read is a mistake of that zone.
  package static func read(_ folder: String) throws(SystemError) -> ConfigurationFiles {
    let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    var policies: [(path: String, text: [UInt8])] = []
    var zones: [ConfigurationFiles.Zone] = []
    var misnamed: [(path: String, meant: String)] = []
    func noteMisnamed(_ path: String) {
      guard let dot = path.lastIndex(of: "."), !path.hasSuffix("~") else { return }
      let ending = String(path[path.index(after: dot)...])
      if let meant = nearest(to: ending, in: ["zone", "policy"]) { misnamed.append((path, meant)) }
    }
    var unreadable: [(path: String, name: String, reason: String)] = []
    for entry in try listDirectory(folder) where !entry.name.hasPrefix(".") {
      let path = "\(folder)/\(entry.name)"
      if entry.isDirectory {
        do throws(SystemError) {
          for inner in try listDirectory(path) where !inner.isDirectory {
            if let origin = zoneName(inner.name) {
              zones.append(.init(path: "\(path)/\(inner.name)", origin: origin, context: entry.name))
            } else if !inner.name.hasPrefix(".") {
              noteMisnamed("\(path)/\(inner.name)")
            }
          }
        } catch {
          unreadable.append((path, entry.name, error.reason))
        }
      } else if entry.name.hasSuffix(".policy") {
        policies.append((path, try readFile(path, atMost: maximalSize)))
      } else if let origin = zoneName(entry.name) {
        zones.append(.init(path: path, origin: origin, context: nil))
      } else {
        noteMisnamed(path)
      }
    }
    var files = ConfigurationFiles(policies: policies, zones: zones, open: open)
    files.folder = folder
    files.list = list
    files.status = { path in
      fileStatus(path).map { .init(identity: [$0.device, $0.number], isOpenToOthers: $0.isOpenToOthers) }
    }
    files.unreadableFolders = unreadable
    files.misnamed = misnamed
    return files
  }

  /// `mesh.test` for `mesh.test.zone`; nil for any other file.
  private static func zoneName(_ file: String) -> String? {
    file.hasSuffix(".zone") && file.count > 5 && !file.hasPrefix(".") ? String(file.dropLast(5)) : nil
  }

  /// What a file may hold: far more than anyone writes, and less than memory.
  private static let maximalSize = 1 << 30

  private static func list(_ path: String) -> Result<[String], ZoneFileReader.ReadFailure>? {
    do throws(SystemError) {
      return .success(try listDirectory(path).filter { !$0.isDirectory }.map(\.name))
    } catch {
      return error.isNoFolder ? nil : .failure(ZoneFileReader.ReadFailure(reason: error.reason))
    }
  }

  private static func open(_ path: String) -> Result<[UInt8], ZoneFileReader.ReadFailure> {
    do {
      return .success(try readFile(path, atMost: maximalSize))
    } catch {
      return .failure(ZoneFileReader.ReadFailure(reason: error.reason))
    }
  }
}
