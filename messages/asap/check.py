"""Checking a file without storing anything, as a sender does before handing it in."""

from __future__ import annotations

from messages.asap.reader import Reading
from messages.asap.report import FileReport
from messages.asap.severities import CheckRules


def check_file(body: bytes, rules: CheckRules) -> FileReport:
    """Give the report on a file. Never raises for what a file holds."""
    reading = Reading(body, rules)
    for _ in reading.chunks():
        pass
    return reading.report()
