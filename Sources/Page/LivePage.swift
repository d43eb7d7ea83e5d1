internal import FoundationEssentials

/// The page that shows what the server does, as one document: it takes the files beside this one, which the package manager
/// puts into the binary, and gives their octets and the policy that a browser is to hold them to. It reads nothing and
/// knows nothing of the server; its script asks for `/state.json` and `/explain.json`.
package enum LivePage {
  /// The whole document: HTML with style and script inside, UTF-8. Nothing else is to be fetched for it.
  package static let document = Array("\(parts.head)\(style)\(parts.middle)\(script)\(parts.tail)".utf8)

  /// The Content-Security-Policy under which the document works: its own style and script, no others, and this server.
  package static let contentSecurityPolicy =
    "default-src 'none'; script-src '\(source(script))'; style-src '\(source(style))'; connect-src 'self'; img-src data:; "
    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

  /// What stands in `<style>`, to the octet: hashes are of this.
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

  /// `page.html`, cut where style and script belong.
  private static let parts: (head: String, middle: String, tail: String) = {
    let html = text(PackageResources.page_html)
    guard let style = html.firstRange(of: "/*page.css*/"), let script = html.firstRange(of: "/*page.js*/") else {
      preconditionFailure("page.html has a place for the style and, after it, one for the script")
    }
    return (
      String(html[..<style.lowerBound]), String(html[style.upperBound..<script.lowerBound]),
      String(html[script.upperBound...])
    )
  }()

  private static func text(_ octets: [UInt8]) -> String { String(decoding: octets, as: UTF8.self) }

  /// A source expression for an inline element (Content Security Policy Level 3 §2.3.1).
  private static func source(_ text: String) -> String {
    "sha256-\(Data(SHA256.digest(of: Array(text.utf8))).base64EncodedString())"
  }
}
