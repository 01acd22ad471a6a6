"""Which checks there are, how grave each is, and what a programme may change about that (R46)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal, get_args

from messages.asap.table import VERSIONS
from messages.errors import Misconfigured
from messages.identifiers import NDC_DIGITS

Severity = Literal["file", "error", "warning"]
Setting = Literal["file", "error", "warning", "off"]

# A case of a check that has a severity of its own is named behind a point; reports show the bare id.
SEVERITIES: Mapping[str, Severity] = MappingProxyType(
    {
        "F01": "file",  # does not begin with TH and a separator, or is no text
        "F02": "file",  # version not accepted
        "F03": "file",  # no usable TH09
        "F04": "file",  # a segment not terminated
        "F04.line": "warning",  # a line end inside a segment
        "F05": "file",  # IS, PHA, TP or TT missing; truncated
        "F06": "file",  # unknown segment
        "F07": "file",  # segment out of order
        "F08": "file",  # TT01 differs from TH02
        "F09": "file",  # TT02 wrong
        "F10": "warning",  # TP01 wrong: production senders are wrong by two
        "F11": "file",  # transaction already processed (the store knows)
        "F12": "file",  # TH03, TH07 none of their values; TH05, TH06 invalid or in the future
        "F12.clock": "warning",  # ahead of now on the same day
        "F13": "file",  # data behind TT, a second TH
        "F14": "warning",  # a test file: checked, reported, not stored
        "F15": "file",  # a limit passed
        "R01": "error",
        "R01.zero": "error",  # a void of a zero report
        "R02": "error",
        "R02.length": "warning",
        "R03": "error",
        "R03.time": "warning",  # DSP26 to DSP28
        "R03.zero": "error",  # a zero report without a period
        "R04": "error",
        "R04.zero": "error",  # one of a period that is not over
        "R05": "error",
        "R06": "warning",
        "R07": "error",
        "R07.age": "warning",
        "R08": "error",
        "R08.refills": "warning",
        "R09": "error",
        "R09.hyphens": "warning",
        "R09.unlisted": "warning",  # not in the programme's table of monitored drugs
        "R10": "error",
        "R10.ingredients": "warning",
        "R11": "error",
        "R12": "error",
        "R12.year": "warning",
        "R12.zero": "error",  # a zero report for more than a year
        "R13": "error",
        "R13.identity": "error",  # DSP13
        "R13.optional": "warning",
        "R14": "error",
        "R14.identity": "error",  # DSP05, DSP06, DSP09
        "R15": "warning",
        "R16": "warning",
        "R17": "error",
        "R17.prescriber": "error",
        "R18": "error",
        "R19": "error",
        "R19.pharmacist": "warning",
        "R20": "warning",
        # R21, R22, R28 to R31 and R09.unlisted are decided beside the store, which knows dispensers and drugs
        "R21": "warning",  # dispenser unknown to the programme
        "R21.submitter": "error",  # dispenser registered for other submitters
        "R21.numbers": "warning",  # numbers that the register does not know as one dispenser's
        "R22": "error",
        "R23": "error",
        "R24": "error",
        "R24.pairs": "warning",  # optional fields that go together, one of them alone
        "R25": "warning",
        "R26": "warning",
        "R27": "warning",
        "R27.zero": "warning",  # REPORT ZERO beside records
        "R28": "warning",
        "R29": "warning",
        "R30": "warning",
        "R31": "warning",
    }
)
# Without these a file cannot be read at all: no setting makes them milder.
FIXED = frozenset({"F01", "F02", "F03", "F04", "F05", "F07", "F15"})
# Without what makes a record the same (R48): were it stored all the same, different ones would pass for one. A zero report
# without a period says nothing.
IDENTIFYING = frozenset({"R02", "R03", "R03.zero", "R08", "R11", "R13.identity", "R14.identity", "R18"})
# What the store finds out, and then does, whatever anybody sets (R48).
OF_THE_STORE = frozenset({"F11", "R30"})


def severity_faults(severities: Mapping[str, object]) -> list[str]:
    """Name every severity that cannot be set, in sentences without their full stop."""
    return [fault for check, setting in severities.items() if (fault := _severity_fault(check, setting))]


def _severity_fault(check: str, setting: object) -> str:
    faults = (
        (check not in SEVERITIES, "is no check"),
        (setting not in get_args(Setting), f"must be one of {', '.join(get_args(Setting))}"),
        (check in FIXED and setting != "file", "always fails the file"),
        (check in IDENTIFYING and setting != "error", "always keeps the record out"),
        (check in OF_THE_STORE and setting != SEVERITIES.get(check), "is known by the store alone and stays as it is"),
        (check.startswith("R") and setting == "file", "is about one record and cannot fail the whole file"),
        (check.startswith("F") and setting == "error", "is about the whole file and cannot keep one record out"),
    )
    return next((f"{check} {why}" for applies, why in faults if applies), "")


@dataclass(frozen=True, slots=True)
class CheckRules:
    """What a programme asks of a file.

    Args:
        today: the date in the programme's time zone; dates behind it are in the future (R04, F12).
        now: the moment, in that zone, to which TH05 and TH06 are held (F12); None: to the day alone.
        clock_minutes_ahead: so much a sender's clock may be fast (F12).
        severities: check id (``R17``, or one case of it, ``R17.prescriber``) to severity; ``off`` drops it. A bare id
            covers all its cases. FIXED, IDENTIFYING and OF_THE_STORE keep theirs; R checks cannot fail a whole file.
        faults_listed: how many faults a report lists; their true number is always given.

    """

    today: date
    now: datetime | None = None
    clock_minutes_ahead: int = 10
    severities: Mapping[str, Setting] = field(default_factory=lambda: MappingProxyType({}))
    versions: frozenset[str] = frozenset(VERSIONS)
    ndc_digits: int = NDC_DIGITS
    faults_listed: int = 100
    segments_max: int = 1_000_000
    segment_chars_max: int = 8_192
    body_bytes_max: int = 64 * 1024 * 1024
    chunk_records: int = 32

    def __post_init__(self) -> None:
        """Refuse settings that no file could be read by."""
        if faults := severity_faults(self.severities):
            raise Misconfigured("; ".join(faults))
        if unknown := self.versions - set(VERSIONS):
            raise Misconfigured(f"ASAP versions not known here: {', '.join(sorted(unknown))}")

    def severity(self, check: str) -> Setting:
        """Give the severity of a check or of one of its cases, as set, else by default."""
        if check in IDENTIFYING:
            return "error"
        setting = self.severities.get(check) or self.severities.get(check.partition(".")[0])
        return setting or SEVERITIES[check]
