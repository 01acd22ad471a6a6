"""A record in JSON is held to the checks of a file, by the same ids (R45; ids of the checks, not the rules).

As in a file (``messages.asap.records``) a record is first *proved* faultless, which nearly all are. What cannot be proved is
laid onto ASAP's fields and looked at by the checks of a file, and that look alone decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from operator import itemgetter
from types import MappingProxyType
from typing import Final

from messages.asap.dispensing import COMPOUND, NDC, NO_NDC, DispensingChecks
from messages.asap.faults import Finding
from messages.asap.fields import NO_FINDINGS, PLACEHOLDERS, FieldChecks
from messages.asap.patterns import clean_values
from messages.asap.severities import CheckRules
from messages.asap.values import Memo, canonical_quantity, iso_date
from messages.dispensation import Dispenser, Prescriber, Record
from messages.identifiers import normalise_ndc, prescribing_number
from messages.record_layout import NAMES, VERSION, in_json, laid, laid_part
from store.dispensations import Content

_SEPARATOR: Final = "\x1f"  # no text of a record holds a control character
# The texts that a record has without its details; one that has details is looked at closely.
_OF_PATIENT: Final = (
    "last_name", "first_name", "middle_name", "prefix", "suffix", "address", "address_2", "city", "state", "zip", "phone",
    "gender", "species", "animal_name", "id_jurisdiction", "id_qualifier", "id", "location", "country",
)  # fmt: skip
_OF_RECORD: Final = (
    "prescription_number", "dosage_units", "origin", "payment_type", "treatment_type", "diagnosis",
)  # fmt: skip
_patient_texts, _record_texts = itemgetter(*_OF_PATIENT), itemgetter(*_OF_RECORD)
_ASAP = MappingProxyType({name: field for field, name in NAMES.items()})
_is_clean = clean_values(
    VERSION,
    (*(_ASAP[f"patient.{name}"] for name in _OF_PATIENT), *(_ASAP[name] for name in _OF_RECORD)),
    _SEPARATOR,
).fullmatch
# The same few thousand dispensers, prescribers and drugs again and again.
_dispenser_values, _prescriber_values = itemgetter(*Dispenser.model_fields), itemgetter(*Prescriber.model_fields)
_quantity, _ndc = lru_cache(maxsize=20_000)(canonical_quantity), lru_cache(maxsize=20_000)(normalise_ndc)
_timeless = FieldChecks(VERSION, date.max, Memo(iso_date))


class RecordChecks:
    """What a record is held to on a day, and what is kept of it."""

    def __init__(self, rules: CheckRules) -> None:
        dates = Memo(iso_date)
        self._today, self._ndc_digits = rules.today, rules.ndc_digits
        self._received_on = rules.today.isoformat()
        self._ancient = date(rules.today.year - 120, 12, 31)
        self._fields = FieldChecks(VERSION, rules.today, dates)
        self._dispensing = DispensingChecks(VERSION, rules, self._fields, dates)

    def findings(self, record: Record, content: Content) -> Sequence[Finding]:
        """Name every check that the record fails, but for its dispenser's; nothing is made of one that fails none."""
        return NO_FINDINGS if self._is_faultless(record, content) else self._look_closer(record)

    def _is_faultless(self, record: Record, content: Content) -> bool:
        """Prove it of a record as most are. False proves nothing."""
        patient, filled, sold = record.patient, record.filled_on, record.sold_on
        texts = (*_patient_texts(vars(patient)), *_record_texts(vars(record)))
        return bool(
            not (record.details or record.ingredients or record.additional or patient.details)
            and _is_clean(_SEPARATOR.join([text or "" for text in texts]))
            and record.written_on <= filled <= self._today
            and self._ancient < patient.date_of_birth <= filled
            and (sold is None or filled <= sold <= self._today)
            and record.fill_number <= record.refills_authorized
            and 0 < record.days_supply <= 365
            and content.quantity
            and record.product_qualifier == NDC
            and record.product_id
            and _ndc(record.product_id, self._ndc_digits) == record.product_id
            and patient.last_name.upper() not in PLACEHOLDERS
            and patient.first_name.upper() not in PLACEHOLDERS
            and ((patient.id and patient.id_qualifier) or not (patient.id_qualifier or patient.id_jurisdiction))
            and (patient.animal_name or patient.species != "02")
            and not _of_prescriber(_prescriber_values(vars(record.prescriber)))
        )

    def _look_closer(self, record: Record) -> Sequence[Finding]:
        one = laid(record)
        if record.status == "void":
            return _named(self._dispensing.void(one.dsp))
        found = [
            *_named(self._fields.patient(one.pat)),
            *_named(self._dispensing.age(one.pat, one.dsp)),
            *_named(self._dispensing.dispensation(one.dsp, len(one.cdi))),
        ]
        for place, ingredient in enumerate(one.cdi):
            found += _named(self._dispensing.ingredient(ingredient, place + 1))
        found += _of_prescriber(_prescriber_values(vars(record.prescriber)))
        if one.air is not None:
            found += _named(self._fields.additional(one.air))
        return found

    def product(self, record: Record) -> str:
        """Give what the product is known by: of an NDC its digits."""
        product = record.product_id or ""
        return _ndc(product, self._ndc_digits) or product if record.product_qualifier == NDC else product

    def products(self, record: Record) -> Sequence[str]:
        """Give what is looked up to know what was dispensed: the product, of a compound each ingredient."""
        return self.ingredients(record).split() or (self.product(record),)

    def ingredients(self, record: Record) -> str:
        """Give the NDCs of a compound's ingredients as a record keeps them."""
        if record.product_qualifier != COMPOUND or not record.ingredients:
            return ""
        return " ".join(
            (one.product_qualifier == NDC and _ndc(one.product_id, self._ndc_digits)) or NO_NDC
            for one in record.ingredients
        )

    def content(self, record: Record, original: str, *, said_at: str) -> Content:
        """Return what is kept of a record; with its text as it was sent (R50)."""
        patient = record.patient
        dea, npi, ncpdp = numbers_of(record.dispenser)
        return Content(
            dea or npi or ncpdp,
            record.prescription_number.strip(),
            record.filled_on.isoformat(),
            record.fill_number,
            _quantity(f"{record.quantity:f}"),
            record.partial_fill,
            "active",
            self._received_on,
            record.written_on.isoformat(),
            record.days_supply,
            self.product(record),
            prescribing_number(record.prescriber.dea or "", record.prescriber.dea_suffix or ""),
            record.prescriber.npi or "",
            patient.last_name,
            patient.first_name,
            patient.date_of_birth.isoformat(),
            patient.gender,
            patient.zip or "",
            patient.species or "",
            record.payment_type,
            original,
            "",
            1,
            said_at,
            "",
            self.ingredients(record),
        )


def numbers_of(dispenser: Dispenser) -> tuple[str, str, str]:
    """Give what a dispenser is known by: DEA, NPI and NCPDP number, as in a file (R48)."""
    return (dispenser.dea or "").strip().upper(), (dispenser.npi or "").strip(), (dispenser.ncpdp or "").strip()


def dispensed_on(record: Record) -> str:
    """Give the day sold, else filled (R40); of a void the day filled, for what else it says is not looked at (R48)."""
    return (record.filled_on if record.status == "void" else record.sold_on or record.filled_on).isoformat()


def dispenser_findings(dispenser: Dispenser) -> Sequence[Finding]:
    """Name every check that the dispenser of a record fails."""
    return _of_dispenser(_dispenser_values(vars(dispenser)))


@lru_cache(maxsize=20_000)
def _of_dispenser(values: tuple[object, ...]) -> Sequence[Finding]:
    given = dict(zip(Dispenser.model_fields, values, strict=True))
    return _named(_timeless.pharmacy(laid_part("PHA", given, Dispenser)))


@lru_cache(maxsize=20_000)
def _of_prescriber(values: tuple[object, ...]) -> Sequence[Finding]:
    given = dict(zip(Prescriber.model_fields, values, strict=True))
    return _named(_timeless.prescriber(laid_part("PRE", given, Prescriber)))


def _named(findings: Iterable[Finding]) -> Sequence[Finding]:
    return tuple(in_json(finding) for finding in findings)
