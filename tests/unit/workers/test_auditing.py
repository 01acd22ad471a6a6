"""Every message that comes to an outcome leaves an entry in the audit trail: who, for whom, what, which fields (R60)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from handlers.patients import key_of
from messages.patient import IdentifyingFacts, NamedPatient
from messages.review import ReviewRequested
from store import audit
from store.contract import Transaction
from tests.people import open_account
from tests.unit.workers.processing import Bench, bench, enveloped, registration, threads, ticket, withdrawal

__all__ = ["bench", "threads"]


async def acts(bench: Bench) -> list[tuple[str, str, str, str, str]]:
    rows = await bench.store.read(lambda tx: audit.since(tx, ""))
    return [(row["actor"], row["on_behalf"], row["act"], row["outcome"], row["record"]) for row in rows]


async def test_r60_what_was_done_is_told_with_its_fields(bench: Bench) -> None:
    """Who sent it, the person it names, the record, and which statements wrote which fields; no value of any of them."""
    await bench.take(ticket("T-1"))
    assert await acts(bench) == [("portal", "bo@example.org", "ticket.opened", "done", "T-1")]
    (row,) = await bench.store.read(lambda tx: audit.since(tx, ""))
    changes = dict(json.loads(row["changes"]))
    assert {"subject", "description"} <= changes["tickets.insert"].keys()
    assert "A question" not in row["changes"]


async def test_r60_refusals_and_deaths_are_told(bench: Bench) -> None:
    """With their code; a message that may not be sent names nobody, for nobody looked into it."""
    await bench.take(ticket("T-1"), ticket("T-1", "again"), replace(ticket("T-2"), sender="stranger"))
    assert [(act[2], act[3]) for act in await acts(bench)] == [
        ("ticket.opened", "done"),
        ("ticket.opened", "refused ticket_exists"),
        ("ticket.opened", "dead not_authorised"),
    ]


async def test_r60_the_use_of_a_patients_record_is_told_under_the_patients_key(bench: Bench) -> None:
    """Whether the patient was named by facts or by id; a refused query is told without the patient (R24)."""
    facts = IdentifyingFacts(
        last_name="Example", first_name="Robin", date_of_birth=date(1980, 1, 1), gender="F", zip="06103"
    )
    key = key_of(NamedPatient(facts=facts))
    await open_account(bench.store, "DR-1")
    asked = ReviewRequested(requester="DR-1", patient=NamedPatient(facts=facts))
    by_id = asked.model_copy(update={"patient": NamedPatient(patient_id=key)})
    refused = asked.model_copy(update={"requester": "NOBODY"})
    await bench.take(*(enveloped(one, f"m-{n}") for n, one in enumerate((asked, by_id, refused))))
    told = ("portal", "DR-1", "review.requested", "done", key)
    assert await acts(bench) == [told, told, ("portal", "NOBODY", "review.requested", "refused account_not_active", "")]


async def test_r60_a_waiting_message_is_told_once_it_has_its_effect(bench: Bench) -> None:
    """And a second delivery adds nothing."""
    await bench.take(withdrawal("REG-1"))
    assert await acts(bench) == []
    await bench.take(withdrawal("REG-1"), registration(bench, "REG-1"))
    assert [act[2] for act in await acts(bench)] == ["registration.submitted"]


async def test_r60_the_trail_fits_after_everything(bench: Bench) -> None:
    """Batches, splits and repetitions keep one chain."""
    bench.refuse_tickets_like("bad")
    await bench.take(*(ticket(f"T-{n}") for n in range(5)), ticket("bad"))
    await bench.take(*(ticket(f"T-{n}") for n in range(5)))

    async def verified(tx: Transaction) -> audit.Verified:
        return [found async for found in audit.verify(tx, key=b"")][-1]

    found = await bench.store.read(verified)
    assert (found.rows, found.breaks) == (5, [])
