"""The transaction's header: which version, which sort of transaction, made when (F02, F12, F14; R46)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta

from messages.asap.faults import Finding, Ledger, count_told, described, told
from messages.asap.fields import code_told
from messages.asap.frame import Frame
from messages.asap.severities import CheckRules
from messages.asap.table import VERSIONS
from messages.asap.values import Header, is_time, iso_date

_ONE_DAY = timedelta(days=1)
_SEND, _VOID, _ANSWERS = "01", "04", ("02", "03")  # TH03


def read_header(frame: Frame, rules: CheckRules, ledger: Ledger) -> Header:
    """Give the transaction header, its faults noted (F02, F12, F14)."""
    fields = frame.first.split(frame.separator)
    fields += [""] * (10 - len(fields))
    version = fields[1].strip()
    header = Header(
        version=version,
        control_number=fields[2].strip(),
        created_on=fields[5],
        created_time=fields[6],
        voids=fields[3].strip().zfill(2) == _VOID,
        is_test=fields[7].strip().upper() == "T",
    )
    if version not in rules.versions:
        accepted = ", ".join(known for known in VERSIONS if known in rules.versions)
        ledger.note(Finding("F02", "TH01", f"version {told(version)} is not accepted; expected {accepted}"), 1)
    for finding in (*_type(fields[3]), *_time_made(header, rules), *_file_type(fields[7])):
        ledger.note(finding, 1)
    if header.is_test and not ledger.failed:
        ledger.note(Finding("F14", "TH07", "this is a test file: it was checked and nothing of it is stored"), 1)
    return header


def _type(text: str) -> Iterator[Finding]:
    """Name a transaction that is none of a sender's: an answer, or one of a type that there is not."""
    code = text.strip()
    if code and code.zfill(2) not in (_SEND, _VOID):
        said = f"{count_told(code)}, an answer to a transaction" if code.zfill(2) in _ANSWERS else count_told(code)
        yield Finding("F12", "TH03", f"found {said}; expected 01 (send), or 04 to void an earlier transaction")


def _time_made(header: Header, rules: CheckRules) -> Iterator[Finding]:
    created_on, created_time = header.created_on, header.created_time
    # Of a version that is not known, a time in UTC is no fault of its own.
    is_utc = header.version not in VERSIONS[:-1] and created_time.endswith("Z")
    latest_on = rules.today + (_ONE_DAY if is_utc else timedelta())  # UTC is a day ahead in the evening
    if not iso_date(created_on):
        yield Finding("F12", "TH05", f"found {described(created_on)}; expected a real date, CCYYMMDD")
    elif iso_date(created_on) > latest_on.isoformat():
        yield Finding("F12", "TH05", "the creation date is in the future; expected today or earlier")
    elif rules.now is not None:
        made_at = header.made_at(rules.now.tzinfo or UTC)
        if made_at is not None and made_at > rules.now + timedelta(minutes=rules.clock_minutes_ahead):
            zone = "UTC" if is_utc else f"the program's local time ({rules.now:%Z})"
            text = (
                f"the creation time is ahead of now, and now is taken for it; expected {zone}, by a clock that is right"
            )
            yield Finding("F12.clock", "TH06", text)
    if not is_time(created_time) or (created_time.endswith("Z") and not is_utc):
        yield Finding("F12", "TH06", f"found {described(created_time)}; expected a time, HHMMSS or HHMM")


def _file_type(text: str) -> Iterator[Finding]:
    """Name what is neither production nor test: neither may be taken for granted. An empty one is R14's."""
    code = text.strip()
    if code and code.upper() not in ("P", "T"):
        yield Finding("F12", "TH07", f"found {code_told('TH07', code)}; expected P (production) or T (test)")
