/// The page that shows what the server does, as one document: it takes the files beside this one, which the package manager
/// puts into the binary, and gives their octets. It reads nothing and knows nothing of the server; its script asks for
/// `/state.json` and `/explain.json`.
package enum LivePage {
  /// The whole document: HTML with one style and one script inside, UTF-8. Nothing else is to be fetched for it, and it
  /// works where a Content-Security-Policy allows just these two by their hashes, `connect-src 'self'` and `img-src data:`.
  package static let document: [UInt8] = {
    let html = text(PackageResources.page_html)
    guard let style = html.firstRange(of: "/*page.css*/"), let script = html.firstRange(of: "/*page.js*/") else {
      preconditionFailure("page.html has a place for the style and, after it, one for the script")
    }
    let middle = html[style.upperBound..<script.lowerBound]
    return Array("\(html[..<style.lowerBound])\(Self.style)\(middle)\(Self.script)\(html[script.upperBound...])".utf8)
  }()

  /// What stands in `<style>`.
  static let style = "\n" + text(PackageResources.page_css)

  /// What stands in `<script>`: the files in the order in which they build on each other, in a block, so that nothing
  /// becomes global.
  static let script =
    "\n'use strict';\n{\n"
    + [
      PackageResources.basics_js, PackageResources.rates_js, PackageResources.latency_js, PackageResources.layout_js,
      PackageResources.graph_js, PackageResources.refusals_js, PackageResources.explain_js,
      PackageResources.configuration_js, PackageResources.live_js,
    ].map(text).joined(separator: "\n") + "}\n"

  private static func text(_ octets: [UInt8]) -> String { String(decoding: octets, as: UTF8.self) }
}
