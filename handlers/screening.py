"""The checks that need the store: who the dispenser is, what the drug is, whether the record is in time (R21, R22, R28, R31).

The register and the drug table are asked once per batch, never per record. A record is never refused for being late, exempt
or not reportable: it is stored and marked (R40, R43, R44).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from handlers.reading import Detail
from handlers.rules.deadlines import DispenserKind, due_on
from handlers.rules.drugs import is_reportable
from handlers.rules.exemptions import FACILITY_OF_TYPE, Facility, exemption_of
from handlers.rules.policy import Policy
from messages.asap.faults import Finding
from messages.asap.fields import NO_FINDINGS
from messages.asap.severities import CheckRules
from store import dispensers, drugs
from store.contract import Transaction
from store.dispensations import Content
from store.dispensers import Dispenser
from store.drugs import Drug

LATE, NOT_REPORTABLE, EXEMPT = "late", "not_reportable", "exempt:"
_NDC_LENGTH, _COMPOUND_START = 11, "99999"
_ANIMAL = "02"

_UNKNOWN = Finding("R21", "PHA03", "this dispenser is not registered with the program; expected a registered one")
_FOREIGN = Finding(
    "R21.submitter", "PHA03", "this dispenser is registered for other submitters; expected its file from one of them"
)
_UNLISTED = Finding(
    "R09.unlisted", "DSP08", "the NDC is not in the program's table of monitored drugs; expected one that is"
)
_NO_DEA = Finding("R22", "PRE02", "a scheduled drug without the prescriber's DEA number; expected it")
UNKNOWN_REVISED = Finding(
    "R29", "DSP01", "a revision of a record that is not known, stored as new; expected that record first"
)
UNKNOWN_KEPT_OUT = Finding("R29", "DSP01", "a revision of a record that is not known; expected that record first")
UNKNOWN_VOIDED = Finding("R29", "DSP01", "a void of a record that is not known; expected that record first")
UNKNOWN_TRANSACTION = Finding(
    "R29", "TH02", "a void of a transaction that is not known; expected that transaction first"
)
ZERO_REPORT_STAYS = Finding("R29", "TH02", "a zero report cannot be withdrawn; report what was dispensed instead")
_SHORT = Finding("R28", "DSP10", "a supply that need not be reported of this drug (at most 48 hours, or for an animal)")


def unknown_revised(rules: CheckRules) -> Finding:
    """Give what is said of a revision whose record is not known; as an error it keeps the revision out (R29 of the checks)."""
    return UNKNOWN_KEPT_OUT if rules.severity("R29") == "error" else UNKNOWN_REVISED


@dataclass(frozen=True, slots=True)
class Source:
    """A pharmacy as the programme knows it; what is wrong with it or its submitter, if anything."""

    known: Dispenser | None
    facility: Facility
    finding: Finding | None
    kind: DispenserKind = "pharmacy"
    may_be_exempt: bool = False
    """Whether its records need to be asked for exemptions (R43)."""

    @property
    def is_unknown(self) -> bool:
        """Whether the register does not know the pharmacy (R21)."""
        return self.finding is _UNKNOWN

    @property
    def is_foreign(self) -> bool:
        """Whether the pharmacy is registered for other submitters (R61)."""
        return self.finding is _FOREIGN


_ANYONE = Source(None, "", None)


class Screen:
    """What the register and the drug table say of one batch. ``register`` and ``table`` are None when there is none."""

    def __init__(
        self,
        register: dict[str, Dispenser] | None,
        table: dict[str, Drug] | None,
        today: date,
        policy: Policy,
    ) -> None:
        self._register, self._table, self._today, self._policy = register, table, today, policy
        self._drug = cache(self._look_at_drug)
        self._late = cache(self._look_at_day)

    def source(self, numbers: Sequence[str], said: str, sender: str) -> Source:
        """Tell whose numbers (DEA, NPI, NCPDP) these are, and whether this submitter may send for it (R21, R61).

        ``said`` is what the pharmacy calls itself, PHA14 of ASAP 5.0.
        """
        if self._register is None and not said:
            return _ANYONE
        facility = FACILITY_OF_TYPE.get(said, "")
        if self._register is None:
            return Source(None, facility, None, may_be_exempt=bool(facility))
        known = next((self._register[number] for number in numbers if number in self._register), None)
        if known is None:
            return Source(None, facility, _UNKNOWN, may_be_exempt=bool(facility))
        is_foreign = bool(known.submitters) and sender not in known.submitters
        facility = known.facility or facility
        return Source(known, facility, _FOREIGN if is_foreign else None, known.kind, bool(facility or known.exemptions))

    def record(
        self, content: Content, detail: Detail, source: Source, *, is_new: bool
    ) -> tuple[str, Sequence[Finding]]:
        """Give a new or revised record's marks, and what is to be said of it; nearly always nothing.

        A revision is never late: what it revises was, or was not (R40).
        """
        drug, findings, marks = self._drug(content.product_id, content.days_supply, content.species)
        if drug is not None and drug.schedule and not content.prescriber_dea.strip() and content.prescriber_npi.strip():
            findings = (_NO_DEA, *findings)
        if source.may_be_exempt and (exemption := self._exemption(content, detail, source)):
            return EXEMPT + exemption, [finding for finding in findings if finding is not _SHORT]
        if is_new and not marks:
            late = self._late(source.kind, detail.dispensed_on)
            if late:
                return LATE, (*findings, *late) if findings else late
        return marks, findings

    def is_silent(self, days: Collection[str], source: Source) -> bool:
        """Whether no record dispensed on these days can get a mark or a finding: no drug table, no exemption, all in time."""
        return (
            self._table is None and not source.may_be_exempt and not any(self._late(source.kind, day) for day in days)
        )

    def _exemption(self, content: Content, detail: Detail, source: Source) -> str | None:
        standing = source.known.exempt_on(detail.dispensed_on) if source.known else None
        return standing or exemption_of(
            source.facility,
            patient_location=detail.location,
            treatment_type=detail.treatment,
            days_supply=content.days_supply,
            policy=self._policy,
        )

    def _look_at_drug(
        self, product: str, days_supply: int, species: str
    ) -> tuple[Drug | None, tuple[Finding, ...], str]:
        if self._table is None or not _is_ndc(product):
            return None, NO_FINDINGS, ""
        drug = self._table.get(product)
        if drug is None:
            return None, (_UNLISTED,), ""
        if is_reportable(drug, days_supply=days_supply, is_animal=species == _ANIMAL, policy=self._policy):
            return drug, NO_FINDINGS, ""
        return drug, (_SHORT,), NOT_REPORTABLE

    def _look_at_day(self, kind: DispenserKind, dispensed_on: str) -> tuple[Finding, ...]:
        due = due_on(kind, date.fromisoformat(dispensed_on), self._policy)
        if self._today <= due:
            return NO_FINDINGS
        text = f"dispensed on {dispensed_on} and reported on {self._today}; expected the report by {due}"
        return (Finding("R31", "DSP05", text),)


async def open_screen(
    tx: Transaction, numbers: Collection[str], products: Collection[str], *, today: date, policy: Policy
) -> Screen:
    """Ask the register and the drug table once for a whole batch."""
    register = await dispensers.among(tx, numbers)
    table = await drugs.among(tx, {product for product in products if _is_ndc(product)})
    return Screen(None if register is None else dict(register), None if table is None else dict(table), today, policy)


def _is_ndc(product: str) -> bool:
    return len(product) == _NDC_LENGTH and product.isdigit() and not product.startswith(_COMPOUND_START)
