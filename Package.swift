// swift-tools-version: 6.2
import PackageDescription

// The modules are layers, lowest first: a module may import those above it in this list, never one below.
// No packages: everything comes from the toolchain.

/// Swift 6 without shortcuts: every use of unsafe memory is marked, every warning is an error.
let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableExperimentalFeature("Lifetimes"),
]

/// Tests may use what is short; they are Swift 6 all the same.
let relaxed: [SwiftSetting] = [.treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny")]

/// Glibc hides the GNU calls (recvmmsg, accept4) without this; defining it inside the C header breaks debug builds.
let gnu: [CSetting] = [.define("_GNU_SOURCE")]

/// A module of Ambit and the modules it may import.
func module(_ name: String, imports: [Target.Dependency] = [], c: [CSetting] = []) -> Target {
  .target(name: name, dependencies: imports, cSettings: c, swiftSettings: strict)
}

/// The files of the page, which the binary carries.
let page: [Resource] = [
  "page.html", "page.css", "basics.js", "rates.js", "latency.js", "layout.js", "graph.js", "refusals.js", "explain.js",
  "configuration.js", "live.js",
].map { .embedInCode($0) }

/// The tests of a module, in a folder called after it; their golden files are found by path.
func tests(of name: String, imports: [Target.Dependency] = [], golden: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + imports, exclude: golden,
    swiftSettings: relaxed)
}

/// The modules whose types appear in nearly every interface above them.
let data: [Target.Dependency] = ["FlatMemory", "Addresses", "Contexts", "Diagnostics", "DNSFormat"]

let package = Package(
  name: "ambit",
  products: [.executable(name: "ambit", targets: ["ambit"])],
  targets: [
    .target(name: "CLinux", cSettings: gnu),
    .target(name: "CPrefetch"),
    module("FlatMemory", imports: ["CPrefetch"]),
    module("Randomness"),
    module("Addresses"),
    module("Contexts"),
    module("Diagnostics"),
    module("LinuxIO", imports: ["CLinux", "FlatMemory", "Addresses"], c: gnu),
    module("DNSFormat", imports: ["FlatMemory", "Addresses"]),
    module("ZoneFile", imports: ["FlatMemory", "Addresses", "Diagnostics", "DNSFormat"]),
    module("Zones", imports: ["FlatMemory", "Addresses", "Contexts", "Diagnostics", "DNSFormat", "ZoneFile"]),
    module("Policy", imports: ["FlatMemory", "Randomness", "Addresses", "Contexts", "Diagnostics", "DNSFormat"]),
    module("Metrics", imports: ["FlatMemory", "Randomness"]),
    .target(name: "Page", resources: page, swiftSettings: strict),
    module("HTTP", imports: ["Addresses"]),
    module("Measuring", imports: ["FlatMemory", "Randomness", "Addresses", "DNSFormat", "Metrics"]),
    module(
      "Probing",
      imports: ["FlatMemory", "Randomness", "Addresses", "DNSFormat", "LinuxIO", "Metrics", "Measuring"]),
    module("Forwarding", imports: ["FlatMemory", "Addresses", "DNSFormat"]),
    module("Checking", imports: ["Measuring"]),
    module("Answering", imports: data + ["Randomness", "ZoneFile", "Zones", "Policy", "Metrics", "Forwarding"]),
    module("Inspection", imports: data + ["ZoneFile", "Zones", "Policy", "Metrics", "Answering"]),
    module(
      "Server",
      imports: data + [
        "Randomness", "LinuxIO", "ZoneFile", "Zones", "Policy", "Metrics", "HTTP", "Page", "Measuring", "Forwarding",
        "Checking", "Answering", "Inspection",
      ]),
    .executableTarget(
      name: "ambit",
      dependencies: data + [
        "LinuxIO", "Zones", "Policy", "Metrics", "Measuring", "Probing", "Answering", "Inspection", "Server",
      ],
      swiftSettings: strict),
    .target(name: "TestSupport", dependencies: ["Randomness"], path: "Tests/TestSupport", swiftSettings: strict),
    tests(of: "FlatMemory"),
    tests(of: "Randomness"),
    tests(of: "Diagnostics"),
    tests(of: "LinuxIO", imports: ["FlatMemory", "Addresses"]),
    tests(of: "DNSFormat", imports: ["FlatMemory", "Addresses"], golden: ["Golden"]),
    tests(of: "ZoneFile", imports: data, golden: ["Golden"]),
    tests(of: "Policy", imports: data),
    tests(of: "Page"),
    tests(of: "Metrics", golden: ["Golden"]),
    tests(of: "HTTP", imports: ["Addresses"]),
    tests(of: "Measuring", imports: data + ["Randomness", "Metrics"]),
    tests(of: "Forwarding", imports: data),
    tests(of: "Checking"),
    tests(of: "Probing", imports: data + ["LinuxIO", "Measuring"]),
    tests(of: "Zones", imports: data + ["ZoneFile"]),
    tests(of: "Answering", imports: data + ["ZoneFile", "Zones", "Policy", "Forwarding"]),
    tests(of: "Server", imports: data + ["LinuxIO", "Policy", "HTTP", "Answering", "Inspection"]),
    tests(of: "Inspection", imports: data + ["ZoneFile", "Zones", "Policy", "Answering"], golden: ["Golden"]),
  ],
  swiftLanguageModes: [.v6]
)

// The fuzz targets are built by scripts/fuzz only: libFuzzer brings their `main`.
if Context.environment["AMBIT_FUZZ_TARGETS"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzz",
      dependencies: data + ["ZoneFile", "Policy", "HTTP", "Forwarding", "Answering", "Inspection", "Server"],
      path: "Tests/Fuzz", exclude: ["Configuration", "Corpus"], swiftSettings: relaxed))
}
