"""What a form and a password must hold, once more and slowly (R3, R30)."""

from __future__ import annotations

from messages.registration import Applicant
from workers.simulation.model.book import DELEGATES, OFFICERS, PRESCRIBERS


def is_strong(password: str) -> bool:
    """R30."""
    kinds = (str.isupper, str.islower, lambda sign: not sign.isalnum() and not sign.isspace())
    return len(password) >= 8 and all(any(is_kind(sign) for sign in password) for is_kind in kinds)


def is_complete(form: Applicant, role: str) -> bool:
    """R3: what a role's form must hold."""
    fields = ["phone"]
    if role in OFFICERS or role == "Medical Marijuana Registry":
        fields += ["agency_name", *(["badge_number"] if role == "State Police" else [])]
    elif role == "Admin":
        fields += ["employer_name"]
    else:
        fields += ["date_of_birth", "employer_name"]
        fields += ["license_number"] if role != DELEGATES[1] else []
        fields += ["employer_address"] if role not in DELEGATES else []
        fields += ["dea_number", "csp_number"] if role in PRESCRIBERS else []
        fields += ["npi"] if role in PRESCRIBERS and role != "Veterinarian" else []
    return all(getattr(form, name) for name in fields)
