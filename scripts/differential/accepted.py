"""Differences that are accepted: one row each, with what it covers and the sentence of an RFC behind it."""

import collections

Row = collections.namedtuple("Row", "title matches why")

ACCEPTED = [
]
