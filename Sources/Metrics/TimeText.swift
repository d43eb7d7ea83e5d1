/// A time as a person reads it, three digits and a unit: `850 ns`, `12.3 µs`, `1.20 ms`, `137 s`.
package func timeText(seconds: Double) -> String {
  // Counted in thousandths of a nanosecond, so that rounding happens once, in integers.
  guard seconds.isFinite, seconds > 0, seconds < 1e6 else { return seconds >= 1e6 ? "over 1e6 s" : "0 ns" }
  let units: [(name: String, seconds: Double)] = [("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3), ("s", 1)]
  for unit in units where seconds < unit.seconds * 999.5 || unit.name == "s" {
    let value = seconds / unit.seconds
    // Nanoseconds are whole: the clocks know no less.
    let decimals = unit.name == "ns" || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
    return decimalText(value, decimals: decimals) + " " + unit.name
  }
  return "0 ns"
}

/// A number with a fixed count of decimals: `12.30`. For numbers from 0 to some 10^12; larger ones are cut.
package func decimalText(_ value: Double, decimals: Int) -> String {
  let scale = (0..<decimals).reduce(1) { scale, _ in scale * 10 }
  let scaled = Int(min(value * Double(scale), 0x1p62).rounded())
  if decimals == 0 { return String(scaled) }
  let fraction = String(scaled % scale)
  return "\(scaled / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
}
