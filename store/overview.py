"""The whole at a glance: what stands where and since when, one message's story, and whether every message is accounted for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from store import retention, troubles
from store.contract import Row, Transaction, as_moment, as_text, moment_or_none
from store.troubles import Trouble

STATES = ("done", "refused", "waiting", "dead", "discarded")


@dataclass(frozen=True, slots=True)
class Standing:
    """How many stand somewhere, and since when the oldest."""

    count: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves on one channel and how far it has come."""

    channel: str
    state: str
    count: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Cause:
    """Open dead letters of one cause."""

    kind: str
    code: str
    text: str
    count: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class LastRun:
    """When a sweep ran last, and for which local date."""

    sweep: str
    for_date: str
    ran_at: datetime | None


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that stands in the store, seen at ``seen_at``."""

    seen_at: datetime
    inbox: Mapping[str, Standing]
    outbox: tuple[Leaving, ...]
    deferred: Standing
    next_due_at: datetime | None
    dead_letters: Mapping[str, Standing]
    causes: tuple[Cause, ...]
    sweeps: tuple[LastRun, ...]
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class Offence:
    """One rule of conservation that does not hold: ``places`` names the first rows, ``count`` is their true number."""

    rule: str
    text: str
    count: int
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conservation:
    """Whether every message that was taken is in exactly one place."""

    inbox: Mapping[str, int]
    deferred: int
    open_dead_letters: int
    offences: tuple[Offence, ...]
    retired: int = 0
    """Settled messages that have left the inbox by age."""

    @property
    def taken(self) -> int:
        """How many messages were ever taken."""
        return sum(self.inbox.values()) + self.retired

    @property
    def sums_agree(self) -> bool:
        """Waiting messages are the deferred ones, dead messages the open dead letters, and no other state exists."""
        return (
            self.inbox.get("waiting", 0) == self.deferred
            and self.inbox.get("dead", 0) == self.open_dead_letters
            and set(self.inbox) <= set(STATES)
        )

    @property
    def is_clean(self) -> bool:
        """Nothing is lost, nothing stands in two places."""
        return self.sums_agree and not self.offences


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a message; ``what`` is stable, ``text`` is for people."""

    at: datetime
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """One message from its arrival to the last word about it.

    ``lost_attempts`` are those that ended with their process; they have no moment. A wait that is over is not kept.
    """

    seq: int
    sender: str
    message_id: str
    kind: str
    state: str
    lost_attempts: int
    events: tuple[Event, ...]


_OFFENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "state_unknown": ("message", "stands in the inbox in a state that does not exist"),
        "waiting_not_deferred": ("message", "is waiting, but nothing will give it its turn"),
        "deferred_not_waiting": ("message", "will have a turn although it has an outcome"),
        "deferred_orphan": ("deferred message", "was never taken into the inbox"),
        "dead_without_letter": ("message", "is dead, but no open dead letter keeps it"),
        "letter_not_dead": ("dead letter", "is open although its message is not dead"),
        "letter_twice": ("dead letter", "is a second open one for the same message"),
        "letter_orphan": ("dead letter", "keeps a message that was never taken into the inbox"),
        "discarded_without_letter": ("message", "is discarded, but no dead letter says by whom and why"),
        "outbox_orphan": ("outbox row", "leaves for a message that was never taken into the inbox"),
    }
)


async def is_ready(tx: Transaction) -> bool:
    """Tell whether the tables have been made; before that nothing else can be asked."""
    return await tx.row("overview.ledger") is not None


async def status(tx: Transaction, now: datetime) -> Status:
    """Return what stands where, the oldest first."""
    waiting = await tx.row("deferred.counts")
    assert waiting is not None
    return Status(
        seen_at=now,
        inbox=_by_state(await tx.rows("inbox.counts")),
        outbox=tuple(
            Leaving(row["channel"], row["state"], row["number"], moment_or_none(row["oldest_at"]))
            for row in await tx.rows("overview.outbox")
        ),
        deferred=Standing(waiting["number"], moment_or_none(waiting["oldest_at"])),
        next_due_at=moment_or_none(waiting["next_due_at"]),
        dead_letters=_by_state(await tx.rows("dead_letters.counts")),
        causes=await causes(tx),
        sweeps=tuple(
            LastRun(row["sweep"], row["for_date"], moment_or_none(row["ran_at"]))
            for row in await tx.rows("sweeps.last_runs")
        ),
        troubles=tuple(await troubles.standing(tx, after=now - timedelta(days=1))),
    )


async def causes(tx: Transaction) -> tuple[Cause, ...]:
    """Return the open dead letters by cause, the most frequent first."""
    return tuple(
        Cause(row["kind"], row["code"], row["text"], row["number"], moment_or_none(row["oldest_at"]))
        for row in await tx.rows("overview.groups")
    )


async def mails_not_left(tx: Transaction, *, refused_since: datetime) -> Sequence[Leaving]:
    """Return the e-mails that are held for an operator, and those refused since a moment."""
    return [
        Leaving("mail", row["state"], row["number"], moment_or_none(row["oldest_at"]))
        for row in await tx.rows("overview.mails_not_left", refused_since=as_text(refused_since))
    ]


async def reconcile(tx: Transaction, *, places_max: int = 50) -> Conservation:
    """Account for every message: each is in exactly one state, and whatever a state promises is there."""
    waiting = await tx.row("deferred.counts")
    assert waiting is not None
    inbox = {row["state"]: int(row["number"]) for row in await tx.rows("inbox.counts")}
    letters = {row["state"]: int(row["number"]) for row in await tx.rows("dead_letters.counts")}
    return Conservation(
        inbox=inbox,
        deferred=int(waiting["number"]),
        open_dead_letters=letters.get("open", 0),
        offences=_offences(await tx.rows("overview.offending", most=places_max)),
        retired=sum((await retention.tallied(tx)).values()),
    )


async def trace(tx: Transaction, message_id: str) -> tuple[Story, ...]:
    """Return the story of every message of that id: one per sender, and one for each other content under the same id."""
    return tuple([await _story(tx, row) for row in await tx.rows("overview.messages", message_id=message_id)])


async def _story(tx: Transaction, message: Row) -> Story:
    events = [
        Event(
            as_moment(message["received_at"]),
            "received",
            f"{message['kind']}, {message['body_bytes']} bytes, from {message['sender']}",
        )
    ]
    lost = await tx.row("overview.lost_attempts", sender=message["sender"], message_id=message["message_id"])
    for row in await tx.rows("dead_letters.of_message", seq=message["seq"]):
        field = f", field {row['field']}" if row["field"] else ""
        why = f"dead letter {row['no']}: {row['text']} ({row['code']}{field}) Attempts: {row['attempts']}."
        events.append(Event(as_moment(row["died_at"]), "dead", why))
        events += [_act(act) for act in await tx.rows("overview.acts", object=f"dead letter {row['no']}")]
    # A replay is waiting from the same moment on: told in this order, a stable sort keeps it.
    for row in await tx.rows("deferred.of_message", seq=message["seq"]):
        waits = f"{row['text']} ({row['code']}) Attempts: {row['attempts']}. Next turn {row['due_at']}, "
        events.append(Event(as_moment(row["deferred_at"]), "deferred", f"{waits}given up at {row['gives_up_at']}."))
    if message["state"] in ("done", "refused"):
        settled_at = as_moment(message["settled_at"] or message["received_at"])
        events.append(Event(settled_at, message["state"], _reason(message["answer"])))
    for row in await tx.rows("outbox.of_message", seq=message["seq"]):
        events += [_left(row), *[_act(act) for act in await tx.rows("overview.acts", object=f"outbox {row['no']}")]]
    return Story(
        seq=message["seq"],
        sender=message["sender"],
        message_id=message["message_id"],
        kind=message["kind"],
        state=message["state"],
        lost_attempts=0 if lost is None else int(lost["count"]),
        events=tuple(sorted(events, key=lambda event: event.at)),
    )


def _act(row: Row) -> Event:
    what = row["act"].rpartition(" ")[2]
    return Event(as_moment(row["acted_at"]), what, f"by {row['operator']}: {row['why']}")


def _reason(answer: str | None) -> str:
    """Say why, from the answer's code and sentence; its result, which holds values, stays out."""
    said = json.loads(answer) if answer else {}
    return f"{said['text']} ({said['code']})" if said.get("text") else "it had its effect"


def _left(row: Row) -> Event:
    what = {"mail": "e-mail", "event": "event", "answer": "answered"}[row["channel"]]
    told = f", told: {row['reply']}" if row["reply"] else ""
    return Event(
        as_moment(row["settled_at"] or row["created_at"]),
        what,
        f"{row['name']} to {addressee(row['destination'])}: {row['state'].replace('_', ' ')}{told}",
    )


def addressee(destination: str) -> str:
    """Return where something goes, as a person reads it: RabbitMQ's direct replies are named by a long number."""
    return "its sender, who waits" if destination.startswith("amq.rabbitmq.reply-to.") else destination


def _by_state(rows: Sequence[Row]) -> dict[str, Standing]:
    return {row["state"]: Standing(row["number"], moment_or_none(row["oldest_at"])) for row in rows}


def _offences(rows: Sequence[Row]) -> tuple[Offence, ...]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["rule"], []).append(row)
    return tuple(
        Offence(rule, _OFFENCES[rule][1], of_rule[0]["number"], tuple(_place(rule, row) for row in of_rule))
        for rule, of_rule in found.items()
    )


def _place(rule: str, row: Row) -> str:
    named = f" ({row['message_id']})" if row["message_id"] else ""
    return f"{_OFFENCES[rule][0]} {row['subject']}{named}"
