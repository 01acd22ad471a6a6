"""What need not be reported (R43), as far as a record or its dispenser's registration tells.

=================  ====  ===========================================================================================
exemption          R43   told by
=================  ====  ===========================================================================================
``inpatient``      a     PAT21 = 09 (acute care) from an institutional pharmacy or a licensed facility
``treatment``      b     DSP24 = 02 (opioid dependency treatment) from a licensed treatment programme
``short_supply``   c     DSP10 of at most two days from a licensed facility
``administered``   d     nothing: no version of ASAP has a field for it; a standing exemption can say it
``sample``         e     nothing: the same
=================  ====  ===========================================================================================

What a dispenser is, its registration says, or PHA14 in ASAP 5.0 (04 hospital pharmacy, 05 opioid treatment programme). Assisted
living (PAT21 = 05, 06) is never exempt. An exempt record that is reported anyway is stored and marked ``exempt:<exemption>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from handlers.rules.policy import Policy

Exemption = Literal["inpatient", "treatment", "short_supply", "administered", "sample"]
Facility = Literal["", "institutional", "treatment_programme", "licensed_facility"]

ACUTE_CARE, DEPENDENCY_TREATMENT = "09", "02"  # PAT21, DSP24
FACILITY_OF_TYPE: Mapping[str, Facility] = MappingProxyType({"04": "institutional", "05": "treatment_programme"})
"""PHA14 of ASAP 5.0."""


def exemption_of(
    facility: Facility, *, patient_location: str, treatment_type: str, days_supply: int, policy: Policy
) -> Exemption | None:
    """Return why this record need not have been reported, or None."""
    if facility in ("institutional", "licensed_facility") and patient_location == ACUTE_CARE:
        return "inpatient"
    if facility == "treatment_programme" and treatment_type == DEPENDENCY_TREATMENT:
        return "treatment"
    if facility == "licensed_facility" and days_supply * 24 <= policy.short_supply_hours:
        return "short_supply"
    return None
