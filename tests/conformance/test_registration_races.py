"""What arrives about one registration at the same moment, through several processes, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from handlers.outcomes import Done, Outcome, Refuse
from messages.message import Message
from messages.registration import RegistrationSubmitted, RegistrationWithdrawn
from store import accounts
from store.contract import Conflict, Store
from tests.conformance.conftest import OpenStore
from tests.conformance.test_registration_machine import SAM, Walk, bench_on, supervisor_decided
from tests.unit.handlers.bench import Bench, decision, document_received

ROUNDS = 8


async def settled(bench: Bench, message: Callable[[], Message]) -> Outcome:
    """What becomes of a message that is handled again after each lost race, as the main path does."""
    for _ in range(10):
        try:
            return await bench.send(message())
        except Conflict:
            continue
    raise AssertionError("the race never ends")


async def at_once(*pairs: tuple[Bench, Message]) -> list[Outcome]:
    """The outcomes of messages that are handled at the same moment."""
    return list(await asyncio.gather(*(settled(bench, partial(_same, message)) for bench, message in pairs)))


def _same(message: Message) -> Message:
    return message


def _registration(bench: Bench, name: str, email: str) -> RegistrationSubmitted:
    return bench.registration(name, email=email)


async def test_r2_two_registrations_for_one_address_at_once(open_store: OpenStore, store: Store) -> None:
    """One is taken, the other is told that the address is in use; every time."""
    one, two = bench_on(store), bench_on(await open_store(), first=1000)
    for number in range(ROUNDS):
        email = f"robin{number}@example.org"
        outcomes = await asyncio.gather(
            settled(one, partial(_registration, one, f"ONE-{number}", email)),
            settled(two, partial(_registration, two, f"TWO-{number}", email.upper())),
        )
        assert [outcome.code for outcome in outcomes if isinstance(outcome, Refuse)] == ["address_in_use"]


async def test_approval_and_withdrawal_at_once(open_store: OpenStore, store: Store) -> None:
    """One of them counts, the other is told so; there is an account when it was the approval."""
    one, two = bench_on(store), bench_on(await open_store(), first=1000)
    for number in range(ROUNDS):
        name = f"REG-{number}"
        await one.register(name, email=f"robin{number}@example.org")
        await one.complete(name)
        approval, withdrawal = await at_once((one, decision(name)), (two, RegistrationWithdrawn(registration_id=name)))
        is_approved = isinstance(approval, Done)
        assert isinstance(withdrawal, Done) is not is_approved
        assert (await Walk(one, name).known()).state == ("approved" if is_approved else "withdrawn")
        account = await store.read(partial(accounts.one, account_id=name))
        assert (account is not None) is is_approved


async def test_r4_an_approval_sees_a_document_that_arrives_at_once(open_store: OpenStore, store: Store) -> None:
    """No account is opened over a document that came before the decision and nobody judged."""
    one, two = bench_on(store), bench_on(await open_store(), first=1000)
    for number in range(ROUNDS):
        name = f"REG-{number}"
        await one.register(name, email=f"robin{number}@example.org")
        await one.complete(name)
        approval, document = await at_once((one, decision(name)), (two, document_received(name, "photo_id", "later")))
        assert isinstance(approval, Done) is isinstance(document, Refuse)


async def test_facts_that_arrive_at_once_all_count(open_store: OpenStore, store: Store) -> None:
    """Two documents and a supervisor's word through three processes: the state is that of all of them."""
    one, two, three = (
        bench_on(store),
        bench_on(await open_store(), first=1000),
        bench_on(await open_store(), first=2000),
    )
    await one.open_account("SAM", email=SAM, role="Dentist")
    for number in range(ROUNDS):
        name, role = f"REG-{number}", "Prescriber Delegate - Unlicensed"
        await one.register(name, email=f"robin{number}@example.org", role=role, supervisors=(SAM,))
        await one.send(one.email_verified(name))
        outcomes = await at_once(
            (one, document_received(name, "photo_id")),
            (two, document_received(name, "identity_form")),
            (three, supervisor_decided(name, SAM)),
        )
        assert all(isinstance(outcome, Done) for outcome in outcomes)
        assert (await Walk(one, name).known()).state == "administrator"
