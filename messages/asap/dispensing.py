"""What can be wrong with one dispensation as a whole: R01, R02, R05 to R12, pairs of R24."""

from __future__ import annotations

import re
from collections.abc import Sequence

from messages.asap.faults import Finding, count_told, described
from messages.asap.fields import FieldChecks
from messages.asap.severities import CheckRules
from messages.asap.values import NUMBER_MAX, Memo, canonical_quantity
from messages.identifiers import is_digits, normalise_ndc

NDC, COMPOUND, CANNABIS = "01", "06", "07"
VOID = "02"
"""DSP01 of what withdraws a record."""
NO_NDC = "-"
"""Stands for an ingredient that has no NDC."""
PAIRS = ((18, 19), (20, 21))
"""Fields of DSP that go together."""
_NAMES_THE_RECORD = frozenset({1, 2, 5, 6, 9, 13})
"""Places in DSP of what makes a record the same (R48), and of what is done to it."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_COMPOUND_START = "99999"
Found = list[Finding]


class DispensingChecks:
    """The checks that need all of DSP, or DSP beside PAT and CDI. Fields padded as in FieldChecks."""

    def __init__(self, version: str, rules: CheckRules, fields: FieldChecks, dates: Memo[str]) -> None:
        self._version, self._rules, self._fields, self._dates = version, rules, fields, dates
        self.quantities = Memo(canonical_quantity)
        self.ndcs = Memo(lambda text: normalise_ndc(text, rules.ndc_digits) or "")

    def dispensation(self, dsp: Sequence[str], ingredients: int) -> tuple[Finding, ...]:
        """Name what is wrong with a dispensation, apart from faults inside PAT, PRE, CDI and AIR."""
        findings = list(self._fields.segment("DSP", dsp))
        for check in (
            self._identity,
            self._order_of_dates,
            self._counts,
            self._partial_fill,
            self._product,
            self._pairs,
        ):
            check(dsp, findings)
        self._ingredients(dsp, ingredients, findings)
        if dsp[14] and not self._fields.npi[dsp[14].strip()]:
            text = f"found {described(dsp[14])}; expected an NPI with a right check digit"
            findings.append(Finding("R19.pharmacist", "DSP14", text))
        return tuple(findings)

    def void(self, dsp: Sequence[str]) -> tuple[Finding, ...]:
        """Name what keeps a void from telling which record it withdraws (R48, R49); all else in it is not looked at."""
        said = [text if place in _NAMES_THE_RECORD else "" for place, text in enumerate(dsp)]
        named = {f"DSP{place:02}" for place in _NAMES_THE_RECORD}
        return tuple(finding for finding in self.dispensation(said, 0) if finding.field in named)

    def ingredient(self, cdi: Sequence[str], ordinal: int) -> tuple[Finding, ...]:
        """Name what is wrong with the ordinal-th ingredient of a compound."""
        findings = list(self._fields.segment("CDI", cdi))
        if cdi[1].strip() and not (is_digits(cdi[1]) and cdi[1].lstrip("0") == str(ordinal)):
            text = f"found {count_told(cdi[1])}; expected {ordinal}: ingredients count 1, 2, 3"
            findings.append(Finding("R10.ingredients", "CDI01", text))
        if cdi[2] == NDC:
            self._ndc("CDI03", cdi[3], findings)
        if cdi[4].strip() and not self.quantities[cdi[4]]:
            findings.append(Finding("R11", "CDI04", _not_a_quantity(cdi[4])))
        return tuple(finding._replace(ingredient=ordinal - 1) for finding in findings)

    def ingredients(self, dsp: Sequence[str], cdi: Sequence[Sequence[str]]) -> str:
        """Give the NDCs of a compound's ingredients, NO_NDC for one that has none; '' for what is no compound."""
        if dsp[7] != COMPOUND:
            return ""
        return " ".join((one[2] == NDC and self.ndcs[one[3]]) or NO_NDC for one in cdi)

    def _identity(self, dsp: Sequence[str], findings: Found) -> None:
        if dsp[1] not in {"00", "01", "02"} and (dsp[1] or self._version != "4.2"):
            findings.append(
                Finding("R01", "DSP01", f"found {count_told(dsp[1])}; expected 00 (new), 01 (revise) or 02 (void)")
            )
        if not dsp[2].strip():
            findings.append(Finding("R02", "DSP02", "no prescription number; expected one"))
        elif _CONTROL.search(dsp[2]):
            text = "a line end or another control character stands inside it; expected the number alone"
            findings.append(Finding("R02", "DSP02", text))
        elif len(dsp[2]) > 25:
            check = "R02" if len(dsp[2]) > NUMBER_MAX else "R02.length"
            findings.append(Finding(check, "DSP02", f"{len(dsp[2])} characters; expected at most 25"))

    def _order_of_dates(self, dsp: Sequence[str], findings: Found) -> None:
        written_on, filled_on, sold_on = self._dates[dsp[3]], self._dates[dsp[5]], self._dates[dsp[17]]
        today = self._rules.today.isoformat()
        if filled_on and filled_on < written_on <= today:
            findings.append(Finding("R05", "DSP03", "written after it was filled; expected DSP03 not after DSP05"))
        if sold_on and sold_on < filled_on <= today:
            findings.append(Finding("R06", "DSP17", "sold before it was filled; expected DSP17 not before DSP05"))

    def age(self, pat: Sequence[str], dsp: Sequence[str]) -> tuple[Finding, ...]:
        """Name what is wrong with the patient's date of birth beside the date filled."""
        born_on, filled_on = self._dates[pat[18]], self._dates[dsp[5]]
        if not (born_on and filled_on):
            return ()
        if born_on > filled_on:
            if born_on <= self._rules.today.isoformat():
                return (Finding("R07", "PAT18", "born after the date filled; expected PAT18 not after DSP05"),)
        elif int(dsp[5]) - int(pat[18]) >= 121_00_00:
            return (Finding("R07.age", "PAT18", "older than 120 years; expected a later date of birth"),)
        return ()

    def _counts(self, dsp: Sequence[str], findings: Found) -> None:
        refills, fill = small_number(dsp[4], 99), small_number(dsp[6], 99)
        for name, text, number in (("DSP04", dsp[4], refills), ("DSP06", dsp[6], fill)):
            if text.strip() and number is None:
                findings.append(Finding("R08", name, f"found {count_told(text)}; expected a number from 0 to 99"))
        if refills is not None and fill is not None and fill > refills:
            text = "more fills than refills were authorized (DSP04); expected DSP06 not over DSP04"
            findings.append(Finding("R08.refills", "DSP06", text))
        if dsp[9].strip() and not self.quantities[dsp[9]]:
            findings.append(Finding("R11", "DSP09", _not_a_quantity(dsp[9])))
        days = small_number(dsp[10], 999)
        if days is not None and days > 365:
            findings.append(Finding("R12.year", "DSP10", f"{days} days; expected at most 365"))
        elif dsp[10].strip() and not days:
            findings.append(Finding("R12", "DSP10", f"found {count_told(dsp[10])}; expected a number from 1 to 999"))

    def _partial_fill(self, dsp: Sequence[str], findings: Found) -> None:
        # Optional, but part of what makes a record (R48): unreadable, it must not be taken for a whole fill.
        if dsp[13].strip() and small_number(dsp[13], 99) is None:
            findings.append(
                Finding("R13.identity", "DSP13", f"found {count_told(dsp[13])}; expected 00 (not partial) to 99")
            )

    def _product(self, dsp: Sequence[str], findings: Found) -> None:
        qualifier, product = dsp[7], dsp[8]
        if not product.strip():
            if self._version == "5.0" and qualifier != CANNABIS:  # before 5.0 the table itself requires it
                findings.append(Finding("R14", "DSP08", "the field is empty; expected a value"))
        elif qualifier == NDC:
            self._ndc("DSP08", product, findings)
        elif qualifier == COMPOUND and not product.startswith(_COMPOUND_START):
            findings.append(Finding("R09", "DSP08", "a compound (DSP07 = 06); expected 99999 and a number of your own"))

    def _pairs(self, dsp: Sequence[str], findings: Found) -> None:
        for first, second in PAIRS:
            if bool(dsp[first]) is not bool(dsp[second]):
                lone, lacking = (first, second) if dsp[first] else (second, first)
                text = f"DSP{lone} is given without DSP{lacking}; expected both, or none"
                findings.append(Finding("R24.pairs", f"DSP{lone}", text))

    def _ndc(self, name: str, product: str, findings: Found) -> None:
        if not product.strip():
            return
        normal = self.ndcs[product]
        if not normal:
            digits = self._rules.ndc_digits
            findings.append(Finding("R09", name, f"found {described(product)}; expected an NDC of {digits} digits"))
        elif normal != product:
            findings.append(
                Finding("R09.hyphens", name, "the NDC has hyphens and was normalised; expected digits only")
            )

    def _ingredients(self, dsp: Sequence[str], ingredients: int, findings: Found) -> None:
        if dsp[7] == COMPOUND and not ingredients:
            findings.append(
                Finding("R10", "DSP07", "a compound (06) without any CDI; expected one for each ingredient")
            )
        elif ingredients and dsp[7] != COMPOUND:
            findings.append(Finding("R10.ingredients", "DSP07", "CDI for what is no compound; expected 06"))


def small_number(text: str, greatest: int) -> int | None:
    """Give the number that the text writes, leading zeros or not, or None when it is none so small."""
    if len(text) > 4 or not is_digits(text):
        return None
    number = int(text)
    return number if number <= greatest else None


def _not_a_quantity(text: str) -> str:
    said = "0" if set(text) <= set("0.") else described(text)
    return f"found {said}; expected a positive number of at most 11 characters, with a point or without"
