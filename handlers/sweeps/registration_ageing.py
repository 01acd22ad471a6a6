"""Registrations that wait on the applicant are reminded of, and expire when their days are over (R12)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from pydantic import JsonValue

from handlers.registering import facts_of
from handlers.rules.registering import MACHINE, PENDING, standing, wanted_of_applicant
from handlers.sweeps.sweep import Sweep
from handlers.work import Programme
from store import delegates, registrations
from store.contract import Transaction
from store.outbox import Staged
from store.registrations import Registration

_AT = time(5, 0)


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    policy, now = programme.policy, datetime.combine(today, _AT, tzinfo=programme.policy.zone)
    async for waiting in registrations.waiting_on_programme(tx):
        for one in waiting:
            await _stale(tx, one.registration_id, programme, now)
    # All of them, also those of yesterday: one that a reinstated supervisor approved is before an administrator today (R7, R11).
    async for page in registrations.waiting_on_applicants(tx, before=policy.day_begins(today + timedelta(days=1))):
        yield [staged for one in page for staged in await _aged(tx, one, programme, now)]


async def _stale(tx: Transaction, registration_id: str, programme: Programme, now: datetime) -> Registration | None:
    """Bring a state up to date whose facts changed elsewhere, as when a supervisor is suspended; return None then."""
    known = await registrations.one(tx, registration_id)
    if known is None or known.state not in PENDING:
        return None
    state = standing(await facts_of(tx, known), programme.roles.named(known.role))
    if state == known.state:
        return known
    await registrations.save(tx, replace(known, state=state, state_since=now))
    return None


async def _aged(tx: Transaction, registration_id: str, programme: Programme, now: datetime) -> list[Staged]:
    known = await _stale(tx, registration_id, programme, now)
    if known is None or MACHINE["time_is_up"][known.state] != "taken":
        return []
    policy = programme.policy
    since = policy.local_date(known.state_since)
    days = (policy.local_date(now) - since).days
    wanted = wanted_of_applicant(await facts_of(tx, known), programme.roles.named(known.role))
    if days >= policy.registration_expiry_days:
        return await _expired(tx, known, now, _why(wanted, policy.registration_expiry_days))
    reached = [after for after in policy.registration_reminder_days if after <= days]
    ends_on = since + timedelta(days=policy.registration_expiry_days)
    return [_reminder(known, wanted, ends_on, number=max(reached))] if reached else []


async def _expired(tx: Transaction, known: Registration, now: datetime, why: str) -> list[Staged]:
    if not await registrations.decide(tx, known, "expired", now=now, by="sweep", reason=why):
        return []  # it moved on while the sweep ran
    await delegates.end_all(tx, known.registration_id, now=now)
    facts = {"name": known.name, "reference": known.registration_id, "why": why}
    mail = Staged(
        "mail", "registration.expired", known.email, facts, key=f"registration.expired:{known.registration_id}"
    )
    event = "registration.expired"
    return [mail, Staged("event", event, event, {"registration_id": known.registration_id})]


def _reminder(known: Registration, wanted: list[str], ends_on: date, *, number: int) -> Staged:
    missing: list[JsonValue] = [*wanted]
    return Staged(
        "mail",
        "registration.reminder",
        known.email,
        {
            "name": known.name,
            "reference": known.registration_id,
            "missing": missing,
            "expires_on": ends_on.isoformat(),
        },
        key=f"registration.reminder:{known.registration_id}:{known.state_since.isoformat()}:{number}",
    )


def _why(wanted: Sequence[str], days: int) -> str:
    return f"This did not reach us within {days} days: " + "; ".join(wanted) + "."


SWEEP = Sweep("registration_ageing", _AT, _notices)
