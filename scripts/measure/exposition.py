"""Reads what a running server exports at /metrics, as far as scripts need it (Prometheus' text format)."""

import re
import urllib.request

SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Exposition:
    """Every sample of one scrape."""

    def __init__(self, text):
        self.samples = []
        for line in text.splitlines():
            match = SAMPLE.match(line)
            if match:
                self.samples.append((match[1], dict(LABEL.findall(match[2] or "")), float(match[3])))

    def sum(self, name, **labels):
        """All samples of a name with these labels, added."""
        return sum(value for one, have, value in self.samples
                   if one == name and all(have.get(key) == wanted for key, wanted in labels.items()))


def scrape(address, opener=urllib.request.build_opener(urllib.request.ProxyHandler({}))):
    """- Parameter address: of the page, as `127.0.0.1:8053`."""
    with opener.open(f"http://{address}/metrics", timeout=10) as answer:
        return Exposition(answer.read().decode())
