/// The page: one HTML document with its own style and script.
enum PageDocument {
  static let html = """
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <title>Ambit</title>
    <p>Ambit serves <a href="metrics">metrics</a>, <a href="healthz">health</a> and <a href="readyz">readiness</a> here.</p>
    </html>

    """
}
