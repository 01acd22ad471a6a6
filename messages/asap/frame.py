"""How a file is cut into segments: its separator, terminator and encoding, found in its own first segment."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from messages.asap.faults import Finding

WINDOW_BYTES = 32 * 1024  # about 80 records: small enough to stay in the processor's cache (measured, 1.7 times faster)
_SEGMENT_BYTES_MAX = 1024 * 1024  # of a longer one only so much is looked at: its length alone fails the file (F15)
_HEAD_BYTES = 4 * 1024
_TH_FIELDS = 9
_PADDING = b" \t\n\v\f\r\0\x1a"  # behind TT: blanks, and DOS's end of file (Ctrl-Z) or NULs up to the end of a block


@dataclass(frozen=True, slots=True)
class Frame:
    """A file's bytes and how to read them. Everything behind ``tail_at`` is not terminated; behind ``end`` is padding."""

    body: bytes
    start: int
    tail_at: int
    end: int
    separator: str
    terminator: str
    encoding: str

    def windows(self) -> Iterator[list[str]]:
        """Hand on the terminated segments, in order, a window at a time, without line ends.

        The empty piece between the two terminators that end TH (TH09's value, then the terminator) is left
        out.
        """
        mark = self.terminator.encode(self.encoding)
        blank, is_line = f"{self.terminator} ", self.terminator in "\r\n"
        at, first = self.start, True
        while at < self.tail_at:
            end = self.body.rfind(mark, at, min(at + WINDOW_BYTES, self.tail_at))
            if end < 0:
                end = self.body.find(mark, at)
            text = self.body[at : min(end, at + _SEGMENT_BYTES_MAX)].decode(self.encoding, "ignore")
            at = end + len(mark)
            pieces = text.split(self.terminator)
            if "\n" in text or "\r" in text or blank in text:
                pieces = [piece.strip("\r\n ") for piece in pieces]
            if is_line:  # a blank one is no segment
                pieces = [piece for piece in pieces if piece]
            if first and len(pieces) > 1 and not pieces[1].strip(self.separator):
                del pieces[1]
            first = False
            if pieces:
                yield pieces

    @property
    def first(self) -> str:
        """TH, up to its terminator."""
        end = self.body.index(self.terminator.encode(self.encoding), self.start)
        return self.body[self.start : end].decode(self.encoding)

    @property
    def tail(self) -> str:
        """What stands behind the last terminator, without blanks and padding; '' when the file ends as it should."""
        end = min(self.end, self.tail_at + WINDOW_BYTES)
        return self.body[self.tail_at : end].decode(self.encoding, "ignore").strip()


def open_frame(body: bytes) -> Frame | Finding:
    """Find out how the file is to be read, or what makes it unreadable (F01, F03)."""
    encoding = "utf-8" if _is_utf8(body) else "latin-1"
    start = len(codecs.BOM_UTF8) if body.startswith(codecs.BOM_UTF8) else 0
    while body[start : start + 1].isspace():
        start += 1
    if start == len(body):
        return Finding("F01", "TH", "the file is empty (expected TH* and what was dispensed)")
    head = body[start : start + _HEAD_BYTES].decode(encoding, "ignore")
    if not head.startswith("TH") or len(head) < 3 or not _is_mark(head[2]):
        return Finding("F01", "TH", "the file does not begin with TH and a separator (expected TH*)")
    end_at = _end_of(body)
    if body.find(b"\0", 0, end_at) >= 0:
        return Finding("F01", "TH", "the file holds NUL characters and is no text (expected plain ASCII text)")
    separator = head[2]
    fields = head.split(separator, _TH_FIELDS)
    is_whole = len(fields) > _TH_FIELDS and not any(mark in field for field in fields[:_TH_FIELDS] for mark in "\r\n")
    end = fields[_TH_FIELDS] if is_whole else ""
    terminator = end[:1]
    is_line = terminator in ("\r", "\n") and end[1:2] == terminator  # a lone line end is that of a TH without TH09
    if terminator == separator or not (is_line or _is_mark(terminator)):
        found = f"found '{terminator}'," if terminator == separator or terminator.isalnum() else "found none,"
        return Finding(
            "F03", "TH09", f"{found} no segment terminator (expected one character, as in ~~ at the end of TH)"
        )
    mark = terminator.encode(encoding)
    at = body.find(mark, max(end_at - len(mark), 0))  # a terminator may itself be what pads: a line end, or Ctrl-Z
    tail_at = (at if at >= 0 else body.rfind(mark)) + len(mark)
    return Frame(body, start, tail_at, end_at, separator, terminator, encoding)


def _end_of(body: bytes) -> int:
    """Give where the padding at the file's end begins, looking at a window at a time."""
    end = len(body)
    while end:
        start = max(end - WINDOW_BYTES, 0)
        kept = len(body[start:end].rstrip(_PADDING))
        if kept:
            return start + kept
        end = start
    return 0


def _is_mark(character: str) -> bool:
    """Tell whether a character can separate: no letter, no digit, no blank or line end."""
    return bool(character) and not character.isalnum() and character not in " \r\n"


def _is_utf8(body: bytes) -> bool:
    if body.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(body), WINDOW_BYTES):
            decoder.decode(body[at : at + WINDOW_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
