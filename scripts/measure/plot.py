"""Plots as SVG, for light and dark pages: points with bars from least to most, joined by lines; the x axis is logarithmic."""

import math
from xml.sax.saxutils import escape

WIDE, HIGH, LEFT, TOP, GAP_X, GAP_Y = 300, 150, 62, 56, 92, 74
STYLE = """
  text { font: 11px system-ui, sans-serif; fill: #333 }
  .title { font-size: 14px; font-weight: 600 }
  .name { font-weight: 600 }
  .paper { fill: #fff }
  .axis { stroke: #888; fill: none }
  .grid { stroke: #ddd; fill: none }
  .line { stroke: #0a62b5; stroke-width: 1.5; fill: none }
  .bar { stroke: #0a62b5; stroke-width: 1 }
  .point { fill: #0a62b5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #ccc }
    .paper { fill: #0d1117 }
    .axis { stroke: #777 }
    .grid { stroke: #30363d }
    .line, .bar { stroke: #6cb6ff }
    .point { fill: #6cb6ff }
  }
"""


def short(value):
    """1500000 → 1.5M."""
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def steps(low, high, is_log):
    """Where the grid's lines are."""
    if is_log:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        return [10.0**power for power in powers]
    step = 10.0 ** math.floor(math.log10(high))
    while high / step < 3:
        step /= 2
    return [step * number for number in range(math.ceil(high / step) + 1)]


class Panel:
    """One quantity against the value: points are (value, (least, middle, most))."""

    def __init__(self, title, points, is_log):
        self.title, self.points, self.is_log = title, points, is_log

    def draw(self, left, top, unit):
        xs = [value for value, _ in self.points]
        low, high = min(xs), max(xs)
        everything = [number for _, bar in self.points for number in bar]
        is_log = self.is_log and min(everything) > 0
        lines = steps(min(everything), max(max(everything), 1e-9), is_log)
        bottom_value, top_value = lines[0], lines[-1]

        def x(value):
            return left + 8 + (WIDE - 16) * (math.log(value / low) / math.log(high / low) if high > low else 0.5)

        def y(value):
            if is_log:
                span = math.log(top_value / bottom_value) or 1
                return top + HIGH * (1 - math.log(value / bottom_value) / span)
            return top + HIGH * (1 - value / top_value)

        out = [f'<text class="name" x="{left}" y="{top - 10}">{escape(self.title)}</text>']
        for line in lines:
            out.append(f'<path class="grid" d="M{left} {y(line):.1f}h{WIDE}"/>'
                       f'<text x="{left - 6}" y="{y(line) + 4:.1f}" text-anchor="end">{short(line)}</text>')
        out.append(f'<path class="axis" d="M{left} {top}v{HIGH}h{WIDE}"/>')
        for value in xs:
            out.append(f'<path class="axis" d="M{x(value):.1f} {top + HIGH}v4"/>'
                       f'<text x="{x(value):.1f}" y="{top + HIGH + 17}" text-anchor="middle">{short(value)}</text>')
        out.append(f'<text x="{left + WIDE / 2}" y="{top + HIGH + 33}" text-anchor="middle">{escape(unit)}</text>')
        path = " ".join(f"{'L' if number else 'M'}{x(value):.1f} {y(bar[1]):.1f}"
                        for number, (value, bar) in enumerate(self.points))
        out.append(f'<path class="line" d="{path}"/>')
        for value, (least, middle, most) in self.points:
            if most > least:
                out.append(f'<path class="bar" d="M{x(value):.1f} {y(least):.1f}V{y(most):.1f}'
                           f'M{x(value) - 3:.1f} {y(least):.1f}h6M{x(value) - 3:.1f} {y(most):.1f}h6"/>')
            out.append(f'<circle class="point" cx="{x(value):.1f}" cy="{y(middle):.1f}" r="3">'
                       f"<title>{short(value)}: {middle:.4g} ({least:.4g} to {most:.4g})</title></circle>")
        return out


def write(path, title, unit, panels):
    """Up to six panels, two in a row."""
    panels = [panel for panel in panels if panel.points]
    rows = (len(panels) + 1) // 2
    width, height = LEFT + 2 * WIDE + GAP_X + 20, TOP + rows * (HIGH + GAP_Y)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
           f'role="img" aria-label="{escape(title)}">', f"<style>{STYLE}</style>",
           f'<rect class="paper" width="{width}" height="{height}"/>',
           f'<text class="title" x="{LEFT}" y="22">{escape(title)}</text>']
    for number, panel in enumerate(panels):
        out += panel.draw(LEFT + number % 2 * (WIDE + GAP_X), TOP + number // 2 * (HIGH + GAP_Y), unit)
    with open(path, "w", encoding="utf-8") as svg:
        svg.write("\n".join(out + ["</svg>\n"]))
