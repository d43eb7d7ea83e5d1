"""What is made of the figures: medians and spreads, ratios within a round, goals, and the tables in Markdown."""

import dataclasses
import re
import statistics


def spread(values):
    """(median, least, largest)."""
    return statistics.median(values), min(values), max(values)


def ratios(these, those):
    """Each of these to that of the same round: what drifts from round to round, drifts out of it."""
    if len(these) != len(those):
        raise ValueError("rounds that are not the same")
    return [this / that for this, that in zip(these, those)]


def number(value):
    """As many digits as tell something: 1.053, 12.4, 1,501."""
    if value == float("inf"):
        return "never"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}".rstrip("0").rstrip(".") if value else "0"


def told(values):
    """`1.05 (1.02 to 1.09)`, or one number where all are one."""
    median, least, largest = map(number, spread(values))
    return median if least == largest else f"{median} ({least} to {largest})"


@dataclasses.dataclass
class Row:
    """One goal: what it is about, how far it reaches, and what was measured, a value a round.

    `limit` None is a figure that is told without a goal; `values` empty, one that was not measured, for the reason `note`.
    """

    group: str
    what: str
    goal: str
    limit: float | None
    values: list
    at_least: bool = False
    beside: dict = dataclasses.field(default_factory=dict)
    note: str = ""

    @property
    def is_held(self):
        """True or False by the median; None where there is no goal, or nothing was measured."""
        if self.limit is None or not self.values:
            return None
        median = statistics.median(self.values)
        return median >= self.limit if self.at_least else median <= self.limit

    @property
    def fails(self):
        """A goal that was not measured has not held."""
        return self.limit is not None and not self.is_held

    def cells(self):
        beside = "; ".join(f"{name} {told(values)}" for name, values in self.beside.items() if values)
        measured = told(self.values) if self.values else "not measured"
        if self.note:
            beside = f"{beside}; {self.note}" if beside else self.note
        held = "" if self.limit is None else "**no**" if self.fails else "yes"
        return [self.what, self.goal, measured, held, beside]


HEADINGS = ["what", "goal", "measured: median (least to largest)", "held", "beside it"]


def table(rows, headings=None):
    lines = ["| " + " | ".join(headings or HEADINGS) + " |", "|" + " --- |" * len(headings or HEADINGS)]
    for row in rows:
        cells = row.cells() if isinstance(row, Row) else row
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def read_dnsperf(text):
    """dnsperf's report, in the words of our own generator. Latencies are averages only."""

    def find(pattern, otherwise="0"):
        found = re.search(pattern, text)
        return float(found[1] if found else otherwise)

    rcodes = {"NOERROR": "0", "FORMERR": "1", "SERVFAIL": "2", "NXDOMAIN": "3", "NOTIMP": "4", "REFUSED": "5"}
    return {
        "sent": int(find(r"Queries sent:\s+(\d+)")),
        "received": int(find(r"Queries completed:\s+(\d+)")),
        "lost": int(find(r"Queries lost:\s+(\d+)")),
        "left_out": 0,
        "seconds": find(r"Run time \(s\):\s+([\d.]+)"),
        "qps": find(r"Queries per second:\s+([\d.]+)"),
        "average_us": find(r"Average Latency \(s\):\s+([\d.]+)") * 1e6,
        "rcodes": {number: int(found[1]) for word, number in rcodes.items() if (found := re.search(rf"{word} (\d+)", text))},
    }


BEGIN, END = "<!-- scripts/bench --write-docs writes from here … -->", "<!-- … to here -->"


def replace_between(text, inside):
    """The page with everything between the two markers replaced."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError("the page has not one pair of markers")
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{inside.strip()}\n\n{END}{rest.partition(END)[2]}"


def callgrind_total(text):
    """Instructions in a callgrind file; its `summary` is 0 where counting was switched off before the end."""
    found = re.search(r"^totals: ([1-9]\d*)", text, re.M)
    if not found:
        raise ValueError("callgrind has counted nothing")
    return int(found[1])
