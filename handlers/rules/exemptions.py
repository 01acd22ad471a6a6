"""What need not be reported (R43), as far as a record or its dispenser's registration tells.

=================  ====  ===========================================================================================
exemption          R43   told by
=================  ====  ===========================================================================================
``inpatient``      a     PAT21 of INPATIENT from an institutional pharmacy or a licensed facility
``treatment``      b     DSP24 = 02 (opioid dependency treatment) from a licensed treatment programme
``short_supply``   c     DSP10 of at most two days from a licensed facility
``administered``   d     nothing: no version of ASAP has a field for it; a standing exemption can say it
``sample``         e     nothing: the same
=================  ====  ===========================================================================================

What a dispenser is, its registration says, or PHA14 in ASAP 5.0. Assisted living (PAT21 = 05, 06) is never exempt, nor is hospice
at home (PAT21 = 01), nor long-term care (04), which may be either: when in doubt it is reportable. An exempt record that
is reported anyway is stored and marked ``exempt:<exemption>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from handlers.rules.drugs import is_short
from handlers.rules.policy import Policy

Exemption = Literal["inpatient", "treatment", "short_supply", "administered", "sample"]
Facility = Literal["", "institutional", "treatment_programme", "licensed_facility"]

INPATIENT = frozenset({"03", "07", "08", "09", "11"})
"""PAT21: nursing home, skilled care, sub-acute care, acute care, hospice."""
DEPENDENCY_TREATMENT = "02"  # DSP24
FACILITY_OF_TYPE: Mapping[str, Facility] = MappingProxyType(
    {"03": "institutional", "04": "institutional", "05": "treatment_programme"}
)
"""PHA14 of ASAP 5.0: long-term care pharmacy, hospital pharmacy, opioid treatment programme."""


def exemption_of(
    facility: Facility, *, patient_location: str, treatment_type: str, days_supply: int, policy: Policy
) -> Exemption | None:
    """Return why this record need not have been reported, or None."""
    if facility in ("institutional", "licensed_facility") and patient_location in INPATIENT:
        return "inpatient"
    if facility == "treatment_programme" and treatment_type == DEPENDENCY_TREATMENT:
        return "treatment"
    if facility == "licensed_facility" and is_short(days_supply, policy):
        return "short_supply"
    return None
