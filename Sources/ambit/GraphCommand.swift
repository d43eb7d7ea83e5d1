internal import Answering
internal import Diagnostics
internal import Inspection
internal import LinuxIO

extension Command {
  static let graph = Command(
    name: "graph",
    usage: "graph [DIR] [--log LOG] [--format F] [-o FILE]",
    summary: "draw who may call whom, and with a query log who does",
    details: """
        --log LOG      what query-log wrote, - for standard input; may be given again
        --format F     text (default), dot for Graphviz, or svg
        -o FILE        write there instead of to standard output; FILE.svg, FILE.dot and FILE.txt need no --format

      DIR (default: zones) is loaded as serve would. Solid: an allow line names the caller. With a log, grey: never used;
      dashed: used and not declared. Red: against a rule. Tiers lie below each other, the most important at the bottom.
      """,
    valueOptions: ["--log", "--format", "-o"],
    flags: []
  ) { arguments in
    let file = arguments.value("-o")
    let known = file.flatMap { name in
      [("svg", "svg"), ("dot", "dot"), ("gv", "dot"), ("txt", "text")].first { name.hasSuffix(".\($0.0)") }?.1
    }
    if let file, known == nil, arguments.value("--format") == nil {
      arguments.fail(
        "the name \"\(file)\" does not say which format is meant; end it in .svg, .dot or .txt, or add --format")
    }
    let format = arguments.value("--format") ?? known ?? "text"
    guard ["text", "dot", "svg"].contains(format) else {
      arguments.fail("--format takes text, dot or svg, not \"\(format)\"")
    }
    let folder = arguments.folder()
    let (loaded, problem) = loadSnapshot(folder, to: "draw")
    guard let snapshot = loaded else { return problem }
    let now = Clock.realtimeSeconds()
    let logs = arguments.all("--log")
    let graph: CallDrawing
    if logs.isEmpty {
      graph = CallDrawing(snapshot, at: now)
    } else {
      var tally = CallTally(snapshot, at: now)
      if let problem = read(logs, into: &tally) { return problem }
      if tally.sample > 1 {
        writeStandardError(
          "ambit: the log is a sample of one query in \(tally.sample): a call drawn as never used may be used\n")
      }
      graph = CallDrawing(tally, at: now)
    }
    if format == "svg", graph.isLargeForSVG {
      writeStandardError(
        "ambit: \(graph.nodeCount) services and contexts and \(graph.edgeCount) calls are more than a picture shows, and "
          + "few viewers open it; take --format dot for Graphviz, or text\n")
    }
    let text = format == "svg" ? graph.svg : format == "dot" ? graph.dot : graph.text
    guard let file else {
      writeOutput(text)
      return .done
    }
    do throws(SystemError) {
      try writeFile(file, Array(text.utf8))
      return .done
    } catch {
      writeStandardError("ambit: \(error)\n")
      return .system
    }
  }
}
