"""Made-up people with access, written straight to a store of either engine: for tests of what people may do."""

from __future__ import annotations

from datetime import UTC, date, datetime

from messages.registration import Applicant, Consent, RegistrationSubmitted
from store import accounts, delegates, registrations
from store.contract import Store, Transaction

OPENED = datetime(2025, 12, 1, 15, 0, tzinfo=UTC)
PRESCRIBER = "Physician (MD/DO)"
RESIDENT = "Medical Resident with Prescriptive Authority"
DELEGATE = "Prescriber Delegate – Licensed"
OFFICER = "State Police"


async def open_account(
    store: Store,
    name: str,
    role: str = PRESCRIBER,
    *,
    dea: str = "",
    npi: str = "",
    institution: str = "",
    suffix: str = "",
) -> None:
    """Someone has an active account of this role, ``name@example.org``, and these numbers."""
    numbers = {"dea_number": dea, "npi": npi, "institution_dea_number": institution, "institution_dea_suffix": suffix}
    message = RegistrationSubmitted(
        registration_id=name,
        email=f"{name.lower()}@example.org",
        password=f"k1.{'A' * 64}",
        role=role,
        applicant=Applicant.model_validate(
            {"first_name": "Sam", "last_name": f"Sample {name}"} | {k: v for k, v in numbers.items() if v}
        ),
        consent=Consent(terms_version="2026-01", agreed_at=OPENED),
    )

    async def unit(tx: Transaction) -> None:
        await registrations.insert(
            tx, message, role=role, state="administrator", password_hash="none", verification_hash="none",
            verification_ends_at=OPENED, now=OPENED, seq=0,
        )  # fmt: skip
        known = await registrations.one(tx, name)
        assert known is not None
        assert await registrations.decide(tx, known, "approved", now=OPENED, by="a@example.org", reason=None)
        await accounts.open_account(tx, known, set_on=date(2025, 12, 1), expires_on=date(2030, 1, 1), now=OPENED)

    await store.write(unit)


async def link(store: Store, delegate: str, supervisor: str) -> None:
    """The supervisor approved the delegate."""

    async def unit(tx: Transaction) -> None:
        assert await delegates.ask(tx, delegate, supervisor, now=OPENED)
        assert await delegates.decide(tx, delegate, supervisor, "approved", now=OPENED)

    await store.write(unit)
