/// A path without `.` and doubled slashes. `..` stays: what it leads to behind a symbolic link, only the system knows.
package func plainPath(_ path: String) -> String {
  let parts = path.split(separator: "/").filter { $0 != "." }
  return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
}
