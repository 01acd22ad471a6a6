"""The first pass: is this a whole, well-ordered transaction? (F03 to F10, F13, F15; R46)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from messages.asap.content import ContentDigest
from messages.asap.faults import Finding, Ledger, described, told
from messages.asap.frame import Frame
from messages.asap.severities import CheckRules
from messages.asap.table import table
from messages.asap.values import NUMBER_MAX, Header
from messages.identifiers import is_digits

# What may stand behind each segment (TH > IS > PHA > PAT > DSP > PRE, CDI, AIR; TP closes PHA, TT closes TH).
FOLLOWERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "TH": frozenset({"IS"}),
        "IS": frozenset({"PHA"}),
        "PHA": frozenset({"PAT"}),
        "PAT": frozenset({"DSP"}),
        "DSP": frozenset({"PRE"}),
        "PRE": frozenset({"CDI", "AIR", "DSP", "PAT", "TP"}),
        "CDI": frozenset({"CDI", "AIR", "DSP", "PAT", "TP"}),
        "AIR": frozenset({"DSP", "PAT", "TP"}),
        "TP": frozenset({"PHA", "IS", "TT"}),
        "TT": frozenset(),
    }
)
_COUNTED = frozenset({"PHA", "TP", "TT"})
_FRAMING = ("IS", "PHA", "TP", "TT")
_WITHDRAWN = frozenset({"PLN", "RX", "RPH", "IR", "CSR"})  # segments of ASAP 3.0
_SWALLOWED = "the id of the next segment stands inside this one; its terminator is missing"
_KNOWN = f"expected {', '.join(FOLLOWERS)} only, and no terminator inside a value"


class Structure:
    """One walk over the segments that names the first cause of a broken order and every wrong count."""

    def __init__(self, frame: Frame, header: Header, rules: CheckRules, ledger: Ledger) -> None:
        self._frame, self._header, self._rules, self._ledger = frame, header, rules, ledger
        self.content = ContentDigest(frame.separator)
        self._count = 0
        self._block_at = 0
        self._last, self._last_text = "", ""
        self._unknown: set[str] = set()
        self._in_doubt: tuple[str, int] | None = None

    def walk(self) -> None:
        """Note every fault of structure; when none fails the file, its records can be read."""
        separator = self._frame.separator
        # One empty field too many is common and harmless, hence the one more.
        most = {name: len(fields) + 1 for name, fields in table(self._header.version).items()}
        followers = dict(FOLLOWERS) | ({"TH": frozenset({"TT"})} if self._header.voids else {})
        allowed: frozenset[str] = frozenset({"TH"})
        for window in self._frame.windows():
            if self._passes_limit(window):
                return
            # TH is left out: when it was made, by which number and in which version is not what it says.
            self.content.add_segments(window if self._count else window[1:])
            for piece in window:
                self._count += 1
                name = piece.partition(separator)[0]
                if name not in allowed or piece.count(separator) > most[name] or "\n" in piece:
                    verdict = self._look_closer(name, piece, allowed)
                    if verdict == "stop":
                        return
                    if verdict == "skip":
                        continue
                self._last, self._last_text, allowed = name, piece, followers[name]
                if name in _COUNTED:
                    self._check_count(name, piece)
        self._check_end()

    def _passes_limit(self, window: list[str]) -> bool:
        rules, first = self._rules, self._count + 1
        if self._count + len(window) > rules.segments_max:
            text = f"the file has more than {rules.segments_max} segments; expected a smaller file"
            self._ledger.note(Finding("F15", "", text), 0)
            return True
        longest = max(window, key=len)
        if len(longest) > rules.segment_chars_max:
            text = f"longer than {rules.segment_chars_max} characters; expected its terminator before that"
            self._ledger.note(Finding("F15", "", text), first + window.index(longest))
            return True
        return False

    def _look_closer(self, name: str, piece: str, allowed: frozenset[str]) -> str:
        """Name the cause when a segment is out of its order or suspiciously long: go on, skip it, or stop."""
        if self._last == "TT" and self._unknown and self._ledger.failed:
            pass  # the unknown segment is the cause
        elif self._last == "TT":
            found = "a second transaction (TH) follows" if name == "TH" else "there is more data"
            self._note("F13", "", f"{found} behind the transaction's TT; expected the end of the file")
        elif name in allowed:
            if not self._swallows(name, piece):
                if "\n" in piece:
                    self._note("F04.line", name, "a line end stands inside it; expected one only behind its terminator")
                return "go on"
            self._note("F04", name, _SWALLOWED)
        elif name not in FOLLOWERS:
            if name not in self._unknown and len(self._unknown) < 20:
                self._unknown.add(name)
                self._note("F06", "", f"{_unknown(name)}; {_KNOWN}")
            return "skip"
        elif self._unknown and self._ledger.failed:
            pass  # the unknown segment is the cause
        elif self._last and self._swallows(self._last, self._last_text, lost_before=name):
            self._ledger.note(Finding("F04", self._last, _SWALLOWED), self._count - 1)
        elif name == "TH":
            self._note(
                "F13",
                "TH",
                "a second TH inside the transaction; expected one transaction in a file",
                fails=True,
            )
        else:
            self._out_of_order(name, allowed)
        return "stop"

    def _swallows(self, name: str, piece: str, lost_before: str | None = None) -> bool:
        """Tell whether the id of a segment that may follow stands at the end of one of this segment's fields.

        A doctor may be called BLAIR or Pat: in a name these two ids prove nothing by themselves. They do
        when the segment that follows (``lost_before``) lacks just that one, or TP01 counts one more.
        """
        fields = table(self._header.version)[name]
        for position, value in enumerate(piece.split(self._frame.separator)[1:-1]):
            for lost in FOLLOWERS[name]:
                if not value.endswith(lost):
                    continue
                if lost_before is not None:
                    if lost_before in FOLLOWERS[lost]:
                        return True
                    continue
                is_name = position < len(fields) and "Name" in fields[position].title
                behind_line_end = value[: -len(lost)].rstrip(" ").endswith(("\r", "\n"))
                if behind_line_end or not is_name or lost not in {"PAT", "AIR"}:
                    return True
                self._in_doubt = name, self._count
        return False

    def _out_of_order(self, name: str, allowed: frozenset[str]) -> None:
        behind = f"behind {self._last}" if self._last else "at the beginning"
        missing = next((lost for lost in _FRAMING if lost in allowed and name in FOLLOWERS[lost]), None)
        if missing is None and name == "TT":
            missing = next((lost for lost in _FRAMING if lost in allowed), "TP")
        if missing:
            self._note("F05", missing, f"{missing} is missing: {name} stands {behind}")
        else:
            expected = " or ".join(sorted(allowed))
            self._note("F07", name, f"{name} stands {behind}; expected {expected} there")

    def _check_count(self, name: str, piece: str) -> None:
        if name == "PHA":
            self._block_at = self._count
        elif name == "TP":
            self._check_block(piece)
        else:
            self._check_trailer(piece)

    def _check_block(self, piece: str) -> None:
        found = _field(piece, 1, self._frame.separator)
        true_count = self._count - self._block_at + 1
        self._check_width("TP", piece)
        if self._in_doubt is not None and self._in_doubt[1] > self._block_at and _is_count(found, true_count + 1):
            name, at = self._in_doubt
            self._ledger.note(Finding("F04", name, _SWALLOWED), at)
            self._count += 1  # the one that was swallowed is counted in TT02
        elif not self._unknown and not _is_count(found, true_count):
            self._note("F10", "TP01", f"found {_told_count(found)}; expected {true_count}, the segments from PHA to TP")

    def _check_trailer(self, piece: str) -> None:
        control, count = (_field(piece, position, self._frame.separator) for position in (1, 2))
        self._check_width("TT", piece)
        length = len(self._header.control_number)
        if not 0 < length <= NUMBER_MAX:
            found = f"{length} characters" if length else "the field is empty"
            text = f"{found}; expected a control number of its own for every transaction"
            # Whatever the setting: without it this file could not be told from the sender's next one (F11).
            self._ledger.note(Finding("F08", "TH02", text), 1, fails=True)
        elif control.strip() != self._header.control_number:
            self._note("F08", "TT01", "TT01 is not the control number of TH02; expected the same in both")
        if not self._unknown and not _is_count(count, self._count):
            self._note("F09", "TT02", f"found {_told_count(count)}; expected {self._count}, all segments from TH to TT")

    def _check_width(self, name: str, piece: str) -> None:
        fields, width = piece.split(self._frame.separator), len(table(self._header.version)[name])
        if any(fields[width + 1 :]):
            text = f"found {len(fields) - 1} fields; expected {width}, as this version defines"
            self._ledger.note(Finding("R16", name, text), self._count, of="header")

    def _check_end(self) -> None:
        tail, sep = self._frame.tail, re.escape(self._frame.separator)
        name = tail.partition(self._frame.separator)[0]
        if self._last == "TT":
            if tail:
                self._note("F13", "", "there is more data behind the transaction's TT; expected the end of the file")
        elif name == "TT" and self._last == "TP":
            self._count += 1
            self._note("F04", "TT", "the last segment has no terminator; expected one at the end of TT")
        elif self._last == "TH" and re.search(rf"[^\w\s{sep}]\s*PHA{sep}", tail):
            text = "ends no segment behind TH; expected the character that ends them all"
            self._ledger.note(Finding("F03", "TH09", text), 1)
        elif tail:
            self._count += 1
            segment = name if name in FOLLOWERS else ""
            self._note("F05", segment, "the file ends inside this segment; expected it to go on to TT")
        elif not (self._unknown and self._ledger.failed):
            self._note("F05", "TT", f"the file ends behind {self._last or 'nothing'}; TT is missing", fails=True)

    def _note(self, check: str, field: str, text: str, *, fails: bool = False) -> None:
        self._ledger.note(Finding(check, field, text), self._count, fails=fails)


def _unknown(name: str) -> str:
    """Say what stands where a segment's id should: an id of another version or in small letters as it is, else its shape."""
    if not name:
        return "an empty segment (two terminators in a row)"
    is_id = name.upper() in FOLLOWERS or name in _WITHDRAWN
    said = f"'{name}'" if is_id else told(name) if len(name) <= 3 else described(name)
    return f"an unknown segment, its id is {said}"


def _field(piece: str, position: int, separator: str) -> str:
    fields = piece.split(separator)
    return fields[position] if position < len(fields) else ""


def _told_count(text: str) -> str:
    """Tell a count of segments as it stands; what is none, or is longer than any, by what it looks like."""
    return text if is_digits(text) and len(text) <= 12 else described(text)


def _is_count(text: str, true_count: int) -> bool:
    text = text.strip()
    return len(text) <= 12 and is_digits(text) and int(text) == true_count
