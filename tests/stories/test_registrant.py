"""A dentist's access from the form to the second reinstatement (R1-R6, R13, R14, R20, R21, R30-R37)."""

from __future__ import annotations

from datetime import UTC, date, datetime

from messages.account import AccountLoginAttempted
from messages.registration import Consent, RegistrationEmailVerified, RegistrationSubmitted
from tests.stories.conftest import Settle
from tests.stories.people import ADMINISTRATOR, Person
from tests.stories.place import Place
from tests.stories.portal import Secret

BEGINS_AT = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
DANA = Person("Dana", "Dentist", "Dentist")


async def test_a_dentists_access(settle: Settle) -> None:
    place = await settle(BEGINS_AT)
    submitted = {
        "registration_id": DANA.name, "email": DANA.email, "password": Secret(DANA.password), "role": DANA.role,
        "applicant": DANA.form, "consent": Consent(terms_version="2026-01", agreed_at=BEGINS_AT),
    }
    await place.portal.does(RegistrationSubmitted, **submitted)
    for l in await place.reads(DANA.email): print(l.subject, l.text)
    await place.is_in_order()
