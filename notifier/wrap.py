"""Plain text as it is read in a mail program: short subjects, lines that fit, list entries hanging."""

from __future__ import annotations

import re

SUBJECT_CHARS_MAX = 70
TEXT_COLUMNS = 76
_WORD_CHARS_DROPPED_MAX = 20

_BLANK_PARAGRAPHS = re.compile(r"\n{3,}")
_INDENT = re.compile(r" *(?:[-*•] )?")


def shortened(subject: str) -> str:
    """The subject within 70 characters, cut at a word; within one where that is long, such as a file's name."""
    if len(subject) <= SUBJECT_CHARS_MAX:
        return subject
    cut = subject[: SUBJECT_CHARS_MAX - 3]
    whole = cut.rsplit(" ", 1)[0]
    return (whole if len(cut) - len(whole) <= _WORD_CHARS_DROPPED_MAX else cut).rstrip(" ,;:") + "..."


def wrapped(text: str) -> str:
    """The text in lines of at most 76 columns, list entries hanging; a longer word (a link) stays whole."""
    lines: list[str] = []
    for line in text.split("\n"):
        line = line.rstrip()  # noqa: PLW2901 - the same line, trimmed
        if len(line) <= TEXT_COLUMNS:
            lines.append(line)
        else:
            lines.extend(_broken(line))
    return _BLANK_PARAGRAPHS.sub("\n\n", "\n".join(lines)).strip("\n") + "\n"


def _broken(line: str) -> list[str]:
    indent = _INDENT.match(line)
    hang = " " * (indent.end() if indent else 0)
    room = TEXT_COLUMNS - len(hang)
    rows: list[str] = []
    row = ""
    for word in line[len(hang) :].split(" "):
        if row and len(row) + 1 + len(word) > room:
            rows.append(row)
            row = word
        else:
            row = f"{row} {word}" if row else word
    rows.append(row)
    return [line[: len(hang)] + rows[0], *(hang + row for row in rows[1:])]
