"""The machine of a registration walked on both engines: every arrival in every state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, cast

import pytest

from handlers.outcomes import Defer, Done, Outcome, Refuse
from handlers.rules.registering import MACHINE
from handlers.rules.roles import Role, Roles, standard_roles
from messages.approval import (
    ApprovalAdminAuthorised,
    ApprovalAdministratorDecided,
    ApprovalSupervisorDecided,
    ApprovalTrainingCompleted,
)
from messages.message import Message
from messages.registration import (
    RegistrationInformationSupplied,
    RegistrationVerificationRequested,
    RegistrationWithdrawn,
)
from store import registrations
from store.contract import Store
from tests.unit.handlers.bench import (
    DOCUMENTS,
    Bench,
    agency_list,
    decision,
    document_judged,
    document_received,
    example_programme,
)

EVERYTHING = Role(
    name="Everything", profile="everything", group="Healthcare Professional", fields=(), credentials=frozenset(),
    documents=True, supervisor=True, agency_list=True, training=True, authorised=True, queries="yes",
)  # fmt: skip
"""A role that passes every state."""
STATES = tuple(next(iter(MACHINE.values())))
SAM, ALEX, LEE = "sam@example.org", "alex@example.org", "lee@example.org"
A = "a@example.org"


def bench_on(store: Store, *, first: int = 0) -> Bench:
    """A bench on a store of either engine; its messages are numbered from ``first``."""
    roles = Roles({role.name: role for role in (*standard_roles(), EVERYTHING)})
    return Bench(cast("Any", store), replace(example_programme(), roles=roles), seq=first)


@dataclass(frozen=True, slots=True)
class Walk:
    """One registration on its way."""

    bench: Bench
    name: str

    @property
    def email(self) -> str:
        return f"{self.name}@example.org".lower()

    async def take(self, *messages: Message) -> None:
        """Each message has its effect."""
        for message in messages:
            outcome = await self.bench.send(message)
            assert isinstance(outcome, Done), (message.kind, outcome)

    async def known(self) -> registrations.Registration:
        """How it stands."""
        known = await self.bench.store.read(lambda tx: registrations.one(tx, self.name))
        assert known is not None
        return known

    async def bring(self, state: str) -> None:
        """The registration stands in a state, by the shortest way."""
        bench, name = self.bench, self.name
        await bench.register(
            name, email=self.email, role="Everything", supervisors=(SAM, ALEX), agency_name=f"Agency {name}"
        )
        documents = [m for d in DOCUMENTS for m in (document_received(name, d), document_judged(name, d))]
        steps: list[tuple[str, Callable[[], Sequence[Message]]]] = [
            ("email_verification", lambda: [bench.email_verified(name)]),
            ("documents", lambda: documents),
            ("supervisor", lambda: [supervisor_decided(name, SAM)]),
            ("agency_list", lambda: [agency_list(self.email, agency=f"Agency {name}", sent_on=bench.today)]),
            ("authorisation", lambda: [ApprovalAdminAuthorised(registration_id=name, programme_manager=A)]),
            ("administrator", lambda: _last(name, state)),
        ]
        for at, messages in steps:
            assert (await self.known()).state == at
            if state in (at, "withdrawn", "expired"):
                break
            await self.take(*messages())
        if state == "withdrawn":
            await self.take(RegistrationWithdrawn(registration_id=name))
        if state == "expired":
            await bench.sweep(bench.today + timedelta(days=30), "registration_ageing")
        assert (await self.known()).state == state


def _last(name: str, state: str) -> Sequence[Message]:
    match state:
        case "information":
            return [_administrator(name, "want_information")]
        case "rejected":
            return [_administrator(name, "reject")]
        case _:
            return [decision(name)]


def _administrator(name: str, word: Any) -> ApprovalAdministratorDecided:
    return ApprovalAdministratorDecided(
        registration_id=name, administrator=A, decision=word, reason="No." if word == "reject" else None,
        question="Where?" if word == "want_information" else None,
    )  # fmt: skip


def supervisor_decided(name: str, supervisor: str) -> ApprovalSupervisorDecided:
    return ApprovalSupervisorDecided(registration_id=name, supervisor=supervisor, decision="approve")


def arrival(bench: Bench, name: str, arrives: str) -> Message:
    """The message that arrives."""
    match arrives:
        case "email_verified":
            return bench.email_verified(name, secret=bench.links.get(f"/verify/{name}", "x" * 43))
        case "verification_requested":
            return RegistrationVerificationRequested(registration_id=name)
        case "document_received":
            return document_received(name, "other", "one-more")
        case "supervisors_named":
            return RegistrationInformationSupplied(registration_id=name, supervisors=(LEE,))
        case "answered":
            return RegistrationInformationSupplied(registration_id=name, answer="In Hartford.")
        case "withdrawn":
            return RegistrationWithdrawn(registration_id=name)
        case "supervisor_decided":
            return supervisor_decided(name, ALEX)
        case "training_completed":
            return ApprovalTrainingCompleted(registration_id=name, trained_on=bench.today, administrator=A)
        case "admin_authorised":
            return ApprovalAdminAuthorised(registration_id=name, programme_manager=A)
        case "document_judged":
            return document_judged(name, "photo_id")
        case word:
            return _administrator(name, word)


async def _supervisors(bench: Bench) -> None:
    for name, email in (("SAM", SAM), ("ALEX", ALEX), ("LEE", LEE)):
        await bench.open_account(name, email=email, role="Dentist")


MESSAGES = [arrives for arrives in MACHINE if arrives != "time_is_up"]


@pytest.mark.parametrize("state", STATES)
async def test_every_arrival_in_every_state(store: Store, state: str) -> None:
    """What the table takes has its effect; whatever else changes nothing and is refused with the table's word."""
    bench = bench_on(store)
    await _supervisors(bench)
    for number, arrives in enumerate(MESSAGES):
        walk = Walk(bench, f"REG-{number}")
        await walk.bring(state)
        if (arrives, state) == ("document_judged", "documents"):
            await walk.take(document_received(walk.name, "photo_id"))
        bench.now += timedelta(minutes=5)
        before = await walk.known()
        outcome = await bench.send(arrival(bench, walk.name, arrives))
        _expect(arrives, state, outcome)
        if not isinstance(outcome, Done):
            assert await walk.known() == before, arrives


def _expect(arrives: str, state: str, outcome: Outcome) -> None:
    verdict = MACHINE[arrives][state]
    if verdict == "taken":
        assert isinstance(outcome, Done), (arrives, outcome)
    else:
        assert isinstance(outcome, Refuse), (arrives, outcome)
        assert outcome.code == verdict, arrives


@pytest.mark.parametrize("state", STATES)
async def test_time_in_every_state(store: Store, state: str) -> None:
    """After thirty days only what waits on somebody outside the programme has expired."""
    bench = bench_on(store)
    await _supervisors(bench)
    walk = Walk(bench, "REG-1")
    await walk.bring(state)
    await bench.sweep(bench.today + timedelta(days=30), "registration_ageing")
    assert (await walk.known()).state == ("expired" if MACHINE["time_is_up"][state] == "taken" else state)


async def test_whatever_arrives_before_its_registration_waits(store: Store) -> None:
    """Nothing is refused for having overtaken it."""
    bench = bench_on(store)
    for arrives in MESSAGES:
        if arrives not in ("supervisor_decided", "supervisors_named"):
            assert isinstance(await bench.send(arrival(bench, "REG-1", arrives)), Defer), arrives


@pytest.mark.parametrize("seed", range(4))
async def test_the_order_of_arrival_does_not_matter(store: Store, seed: int) -> None:
    """Documents, judgements, supervisors, list, authorisation, training and link in any order a queue may bring them.

    What is too early is sent again, as whoever was refused or waits does; the end is the same, and nobody is told twice.
    """
    bench = bench_on(store)
    await _supervisors(bench)
    name, email = "REG-1", "robin@example.org"
    await bench.register(name, email=email, role="Everything", supervisors=(SAM, ALEX), agency_name="Agency")
    secret = bench.links[f"/verify/{name}"]
    waiting: list[Callable[[], Message]] = [
        lambda: bench.email_verified(name, secret=secret),
        lambda: supervisor_decided(name, SAM),
        lambda: supervisor_decided(name, ALEX),
        lambda: agency_list(email, agency="Agency", sent_on=bench.today),
        *(
            partial(arrival, bench, name, arrives)
            for arrives in ("training_completed", "admin_authorised", "document_received")
        ),
        *(partial(document_received, name, document) for document in DOCUMENTS),
        *(partial(document_judged, name, document) for document in DOCUMENTS),
        lambda: decision(name),
    ]
    Random(seed).shuffle(waiting)
    told = list(bench.told)
    while waiting:
        late = []
        for message in waiting:
            if not isinstance(await bench.send(message()), Done):
                late.append(message)
            told += bench.told
        assert len(late) < len(waiting)
        waiting = late
    assert (await Walk(bench, name).known()).state == "approved"
    assert len(told) == len(set(told))
    assert ("registration.approved", email) in told
