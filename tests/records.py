"""Made-up records handed to a store of either engine the way a message brings them, one message each."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from handlers.dispensation import record_submitted_all
from handlers.outcomes import Done, Outcome
from handlers.rules.policy import Policy
from handlers.secrets import Vault
from handlers.work import Leaving, Programme, Work
from messages.codec import Limits, decode
from messages.envelope import Envelope
from store import drugs, inbox, treatments
from store.contract import Store, Transaction
from store.drugs import Drug

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
PROGRAMME = Programme(Policy(check_severities={"R22": "warning"}), Vault({}), ("a@example.org",))
"""Prescribers without a DEA number are let through, so that tests may know one by the NPI alone."""
OPIOID, BENZODIAZEPINE, UNKNOWN = "00093005801", "00093083201", "99999999999"
_NUMBERS = count(1)


def record(number: str = "1", *, filled_on: date = date(2026, 6, 1), **fields: Any) -> dict[str, Any]:
    """One record in JSON that passes every check; ``patient`` holds what differs from Robin Example."""
    patient = {
        "last_name": "EXAMPLE", "first_name": "ROBIN", "address": "1 EXAMPLE ST", "city": "HARTFORD", "state": "CT",
        "zip": "06103", "date_of_birth": "1980-01-01", "gender": "F",
    } | fields.pop("patient", {})  # fmt: skip
    return {
        "dispenser": {"dea": "AB1234563"}, "patient": patient,
        "prescriber": {"dea": "AS1234563", "last_name": "PRESCRIBER", "first_name": "SAM"},
        "prescription_number": number, "written_on": filled_on.isoformat(), "refills_authorized": 0,
        "filled_on": filled_on.isoformat(), "fill_number": 0, "product_id": OPIOID, "quantity": "60", "days_supply": 30,
        "payment_type": "04",
    } | fields  # fmt: skip


def envelope(body: dict[str, Any]) -> Envelope:
    """The record as a message with an id of its own."""
    return Envelope(f"r{next(_NUMBERS)}", "dispensation.record_submitted", "portal", json.dumps(body).encode())


async def take(tx: Transaction, message: Envelope) -> int:
    """The message is in the inbox; its number."""
    return (await inbox.claim_all(tx, [message], NOW))[message.key]


async def handle(tx: Transaction, message: Envelope, seq: int) -> Outcome:
    """A message that was taken has its effect."""
    work: Work[Any, Any] = Work(decode(message, Limits()), None, message, seq, tx, NOW, NOW, PROGRAMME, Leaving(seq))
    (outcome,) = await record_submitted_all([work])
    return outcome


def brings(*bodies: dict[str, Any]) -> Callable[[Transaction], Awaitable[None]]:
    """A transaction in which each record is taken and has its effect."""

    async def unit(tx: Transaction) -> None:
        for body in bodies:
            message = envelope(body)
            assert isinstance(await handle(tx, message, await take(tx, message)), Done)

    return unit


async def bring(store: Store, *bodies: dict[str, Any]) -> None:
    """The records stand in the store."""
    await store.write(brings(*bodies))


def drug(ndc: str, schedule: str, drug_class: str) -> Drug:
    """A monitored drug."""
    return Drug(ndc, "Made-up", schedule, drug_class, "over_48_hours", for_animals=False)


async def know_drugs(store: Store) -> None:
    """Two scheduled drugs are known: by its package one of Schedule II, by its product one of Schedule IV."""

    async def unit(tx: Transaction) -> None:
        await drugs.put_all(
            tx, [drug(OPIOID, "II", "opioid"), drug(BENZODIAZEPINE[:9], "IV", "benzodiazepine")], now=NOW
        )
        await treatments.put_strengths(tx, [(OPIOID, "oxycodone", "10")])

    await store.write(unit)
