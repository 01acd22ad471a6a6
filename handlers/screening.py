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
from handlers.rules.deadlines import KIND_OF_TYPE, DispenserKind, due_on
from handlers.rules.drugs import is_reportable
from handlers.rules.exemptions import FACILITY_OF_TYPE, Facility, exemption_of
from handlers.rules.policy import Policy
from handlers.rules.wording import told_on
from messages.asap.faults import Finding
from messages.asap.fields import NO_FINDINGS
from messages.asap.severities import CheckRules
from store import dispensers, drugs
from store.contract import Transaction
from store.dispensations import Content
from store.dispensers import Dispenser
from store.drugs import Drug

LATE, NOT_REPORTABLE, EXEMPT = "late", "not_reportable", "exempt:"
_COMPOUND_START = "99999"
_ANIMAL = "02"

_UNKNOWN = Finding("R21", "PHA03", "this dispenser is not registered with the program; expected a registered one")
_FOREIGN = Finding(
    "R21.submitter", "PHA03", "this dispenser is registered for other submitters; expected its file from one of them"
)
_MIXED = Finding(
    "R21.numbers",
    "PHA03",
    "the register does not know these numbers as one dispenser's; expected the DEA, NPI and NCPDP number of one",
)
_UNLISTED = Finding(
    "R09.unlisted", "DSP08", "the NDC is not in the program's table of monitored drugs; expected one that is"
)
_NO_DEA = Finding("R22", "PRE02", "a scheduled drug without the prescriber's DEA number; expected it")
UNKNOWN_REVISED = Finding(
    "R29", "DSP01", "a revision of a record that is not known, stored as new; expected that record first"
)
UNKNOWN_LATE = Finding(
    "R29",
    "DSP01",
    "a revision of a record that is not known, stored as new and marked as late; expected that record first",
)
UNKNOWN_KEPT_OUT = Finding("R29", "DSP01", "a revision of a record that is not known; expected that record first")
UNKNOWN_VOIDED = Finding(
    "R29",
    "DSP01",
    "a void of a record that is not known, or was withdrawn before; expected that record first. Should it still come in a "
    "transaction made before this one, it is withdrawn then",
)
UNKNOWN_TRANSACTION = Finding(
    "R29", "TH02", "a void of a transaction that is not known; expected that transaction first"
)
ZERO_REPORT_STAYS = Finding("R29", "TH02", "a zero report cannot be withdrawn; report what was dispensed instead")
_SHORT = Finding("R28", "DSP10", "a supply that need not be reported of this drug (at most 48 hours, or for an animal)")


def stores_unknown(rules: CheckRules) -> bool:
    """Tell whether a revision whose record is not known is stored as new; as an error it is kept out (R29 of the checks)."""
    return rules.severity("R29") != "error"


def unknown_revised(rules: CheckRules, content: Content) -> Finding:
    """Give what is said of a revision whose record is not known (R29 of the checks)."""
    if not stores_unknown(rules):
        return UNKNOWN_KEPT_OUT
    return UNKNOWN_LATE if content.marks == LATE else UNKNOWN_REVISED


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


def _is_foreign(known: Dispenser, sender: str) -> bool:
    return bool(known.submitters) and sender not in known.submitters


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
        self._drugs = cache(self._look_at_drugs)
        self._late = cache(self._look_at_day)

    def source(self, numbers: Sequence[str], said: str, sender: str) -> Source:
        """Tell whose numbers (DEA, NPI, NCPDP) these are, and whether this submitter may send for it (R21, R61).

        ``said`` is what the pharmacy calls itself, PHA14 of ASAP 5.0. It is who has the first of its numbers that the register
        knows, though another of them be somebody else's.
        """
        if self._register is None and not said:
            return _ANYONE
        facility = FACILITY_OF_TYPE.get(said, "")
        if self._register is None:
            return Source(None, facility, None, KIND_OF_TYPE.get(said, "pharmacy"), bool(facility))
        known = next((self._register[number] for number in numbers if number in self._register), None)
        if known is None:
            return Source(None, facility, _UNKNOWN, KIND_OF_TYPE.get(said, "pharmacy"), bool(facility))
        is_foreign = _is_foreign(known, sender)
        facility = known.facility or facility
        finding = _FOREIGN if is_foreign else _MIXED if self._is_mixed(numbers, known) else None
        return Source(known, facility, finding, known.kind, bool(facility or known.exemptions))

    def foreign(self, dispenser: str, sender: str) -> Finding | None:
        """Tell who may not send for a dispenser so, by the number under which its records stand (R61)."""
        known = None if self._register is None else self._register.get(dispenser)
        return None if known is None or not _is_foreign(known, sender) else _FOREIGN

    def _is_mixed(self, numbers: Sequence[str], known: Dispenser) -> bool:
        """Whether one of these numbers is another dispenser's, or not the one that the register has of this dispenser."""
        assert self._register is not None
        registered = (known.dea, known.npi, known.ncpdp)
        return any(
            number and number != own and (own or number in self._register)
            for number, own in zip(numbers, registered, strict=True)
        )

    def record(
        self, content: Content, detail: Detail, source: Source, *, is_new: bool
    ) -> tuple[str, Sequence[Finding]]:
        """Give a new or revised record's marks, and what is to be said of it; nearly always nothing.

        A revision marked as late is so only where it is stored as new: else what it revises was late, or was not (R40).
        """
        is_scheduled, findings, marks = self._drugs(
            content.products, bool(content.ingredients), content.days_supply, content.species
        )
        if is_scheduled and not content.prescriber_dea.strip() and content.prescriber_npi.strip():
            findings = (_NO_DEA, *findings)
        if source.may_be_exempt and (exemption := self._exemption(content, detail, source)):
            return EXEMPT + exemption, [finding for finding in findings if finding is not _SHORT]
        if not marks and (late := self._late(source.kind, detail.dispensed_on)):
            return LATE, (*findings, *late) if is_new else findings
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

    def _look_at_drugs(
        self,
        products: tuple[str, ...],
        is_compound: bool,
        days_supply: int,
        species: str,
    ) -> tuple[bool, tuple[Finding, ...], str]:
        """Tell whether a record's drug is scheduled, and what is to be said of it; the strictest of a compound's decides."""
        if self._table is None:
            return False, NO_FINDINGS, ""
        known = [drug for product in products if (drug := self._table.get(product))]
        findings = tuple(
            _UNLISTED._replace(field="CDI03", ingredient=place) if is_compound else _UNLISTED
            for place, product in enumerate(products)
            if _is_ndc(product, self._policy) and product not in self._table
        )
        is_scheduled = any(drug.schedule for drug in known)
        is_animal = species == _ANIMAL
        if not known or any(
            is_reportable(drug, days_supply=days_supply, is_animal=is_animal, policy=self._policy) for drug in known
        ):
            return is_scheduled, findings, ""
        return is_scheduled, (_SHORT, *findings), NOT_REPORTABLE

    def _look_at_day(self, kind: DispenserKind, dispensed_on: str) -> tuple[Finding, ...]:
        day = date.fromisoformat(dispensed_on)
        due = due_on(kind, day, self._policy)
        if self._today <= due:
            return NO_FINDINGS
        text = (
            f"dispensed on {told_on(day)} and reported on {told_on(self._today)}; expected the report by {told_on(due)}"
        )
        return (Finding("R31", "DSP05", text),)


async def open_screen(
    tx: Transaction, numbers: Collection[str], products: Collection[str], *, today: date, policy: Policy
) -> Screen:
    """Ask the register and the drug table once for a whole batch."""
    register = await dispensers.among(tx, numbers)
    table = await drugs.among(tx, {product for product in products if _is_ndc(product, policy)})
    return Screen(None if register is None else dict(register), None if table is None else dict(table), today, policy)


def _is_ndc(product: str, policy: Policy) -> bool:
    return len(product) == policy.ndc_digits and product.isdigit() and not product.startswith(_COMPOUND_START)
