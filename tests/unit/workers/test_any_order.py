"""Whatever comes before the thing it builds on has its effect in the order of arrival, as if the thing had come first."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.publishers import Publishers
from handlers.rules.policy import Policy
from handlers.secrets import Vault, new_private_key
from handlers.work import Programme
from messages.codec import Limits, encode
from messages.conduct import ConductNoted, ConductOutcomeRecorded, ConductReferred
from messages.envelope import Envelope
from messages.message import Message
from messages.registration import (
    Applicant,
    Consent,
    RegistrationDocumentReceived,
    RegistrationSubmitted,
    RegistrationVerificationRequested,
    RegistrationWithdrawn,
)
from store.sqlite import open_sqlite
from tests.help_desk import opened, reported, ticket_acts
from tests.site import Counted
from tests.stores import sqlite_store
from workers.process import Delivery, Processor
from workers.relay.waiting import WaitingRelay

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ADMINISTRATOR = "administrators@example.org"
PROGRAMME = Programme(
    # Without R13's pause between two links: what is refused for it depends on the hour, not on the order.
    Policy(mails_per_recipient_hour=1000, verification_pause_minutes=0),
    Vault({"k1": new_private_key()}),
    (ADMINISTRATOR,),
    publishers=Publishers({"portal": ("*",)}),
)
FIRST = "first"
"""The id of the message that brings the thing."""


def _registration() -> RegistrationSubmitted:
    return RegistrationSubmitted(
        registration_id="REG-1",
        email="ann@example.org",
        password=PROGRAMME.vault.sealing_key.seal("Secret!pass1", message_id=FIRST),
        role="Medical Marijuana Registry",
        applicant=Applicant(first_name="Ann", last_name="Lee", phone="555-0100", agency_name="Registry"),
        consent=Consent(terms_version="1", agreed_at=NOW),
    )


def _document(document_id: str) -> RegistrationDocumentReceived:
    return RegistrationDocumentReceived(
        registration_id="REG-1", document_id=document_id, document="photo_id", media_type="application/pdf",
        size_bytes=10, sha256="ab" * 32, location="documents/x.pdf", received_at=NOW,
    )  # fmt: skip


REGISTRATION: tuple[Message, ...] = (
    _document("d1"),
    _document("d2"),
    RegistrationVerificationRequested(registration_id="REG-1"),
    RegistrationWithdrawn(registration_id="REG-1"),
)
CASE: tuple[Message, ...] = (
    ConductNoted(case_id="C-1", actor=ADMINISTRATOR, note="Looked at."),
    ConductReferred(
        case_id="C-1", actor=ADMINISTRATOR, agency="Board", agency_email="board@example.org", reason="Theirs."
    ),
    ConductOutcomeRecorded(case_id="C-1", actor=ADMINISTRATOR, outcome="unfounded", text="Nothing in it."),
)
STORIES: tuple[tuple[Message, tuple[Message, ...]], ...] = (
    (opened(), tuple(ticket_acts().values())),
    (reported(), CASE),
    (_registration(), REGISTRATION),
)


@dataclass(frozen=True)
class Story:
    """Messages about one thing, and after how many of them the one arrives that brings it."""

    brings: Message
    others: tuple[Message, ...]
    place: int

    def envelopes(self, *, place: int) -> list[Envelope]:
        others = [_enveloped(message, f"m{number}") for number, message in enumerate(self.others)]
        return [*others[:place], _enveloped(self.brings, FIRST), *others[place:]]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    brings, acts = draw(st.sampled_from(STORIES))
    others = tuple(draw(st.lists(st.sampled_from(acts), min_size=1, max_size=7)))
    return Story(brings, others, draw(st.integers(0, len(others))))


def _enveloped(message: Message, message_id: str) -> Envelope:
    return Envelope(message_id, message.kind, "portal", encode(message)[0])


@cache
def _empty() -> bytes:
    """An empty store: migrations take longer than everything else here."""

    async def made(path: Path) -> None:
        async with sqlite_store(path):
            pass

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(made(Path(folder) / "empty.db"))
        return (Path(folder) / "empty.db").read_bytes()


async def _run(envelopes: Sequence[Envelope], path: Path, sizes: Sequence[int], minutes: Sequence[int]) -> None:
    """They arrive in batches of these sizes, with these pauses, in which whoever is due has a turn."""
    store, now, at = await open_sqlite(path), NOW, 0
    with ThreadPoolExecutor(1) as threads:
        try:
            processor = Processor(store, PROGRAMME, lambda: now, threads, Limits())
            relay = WaitingRelay(processor, 60)
            for turn in range(len(envelopes)):
                size, pause = sizes[turn % len(sizes)], minutes[turn % len(minutes)]
                await processor.process([Delivery(one) for one in envelopes[at : at + size]])
                at += size
                if pause:
                    now += timedelta(minutes=pause)
                    await relay.turn()
            await relay.turn()
        finally:
            await store.close()


def _told(path: Path) -> tuple[list[tuple[object, ...]], ...]:
    """What became of each message, and in which order they had their effects."""
    counted = Counted(path)
    return (
        counted.rows("SELECT message_id, state FROM inbox ORDER BY message_id"),
        counted.rows("SELECT seq FROM deferred"),
        counted.rows("SELECT ticket_id, state, category, period, assignee, escalated_to FROM tickets"),
        counted.rows("SELECT act, target FROM ticket_history ORDER BY no"),
        counted.rows("SELECT act FROM conduct_history ORDER BY no"),
        counted.rows("SELECT state FROM registrations"),
        counted.rows("SELECT document_id, state FROM registration_documents ORDER BY document_id"),
    )


@settings(max_examples=40)
@given(
    stories(),
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.lists(st.sampled_from((0, 0, 1, 5, 90)), min_size=1, max_size=4),
)
def test_it_ends_as_if_the_thing_had_come_first(story: Story, sizes: list[int], minutes: list[int]) -> None:
    """In any batches and pauses; nothing is left waiting."""
    with tempfile.TemporaryDirectory() as folder:
        mixed, straight = Path(folder) / "mixed.db", Path(folder) / "straight.db"
        mixed.write_bytes(_empty()), straight.write_bytes(_empty())
        asyncio.run(_run(story.envelopes(place=story.place), mixed, sizes, minutes))
        asyncio.run(_run(story.envelopes(place=0), straight, [1], [0]))
        assert _told(mixed) == _told(straight)
