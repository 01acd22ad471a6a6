"""The reckoning: what was published against what the store and the mail folder hold, each message exactly once."""

from __future__ import annotations

import email
import email.policy
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from notifier.folder import StoredMail, read_folder
from store import inbox
from store.contract import Store, Transaction
from store.overview import Conservation, reconcile
from workers.demo.day import RecordKey

_IDENTITY = ("dispenser", "prescription_number", "filled_on", "fill_number", "quantity", "partial_fill")
OPEN = frozenset({"due", "claimed", "handed_over", "unknown"})
TOLD = (
    ("registration.submitted", ("registration.received",)),
    ("registration.submitted", ("registration.email_verification",)),
    ("approval.administrator_decided", ("registration.approved", "registration.rejected")),
    ("approval.training_completed", ("registration.full_access",)),
    ("approval.supervisor_decided", ("registration.supervisor_asked",)),
    ("account.password_set", ("account.password_changed",)),
    ("ticket.opened", ("ticket.opened",)),
)
"""Each message of this kind that is done is told of by one e-mail of these templates."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What stands in the store at one moment: messages by kind and state, leavings by channel, name and state."""

    messages: Mapping[tuple[str, str], int]
    leaving: Mapping[tuple[str, str, str], int]

    def of(self, kind: str, state: str = "") -> int:
        """How many messages of a kind are in a state (empty: any)."""
        return sum(number for (k, s), number in self.messages.items() if k == kind and state in ("", s))

    def in_state(self, state: str) -> int:
        """How many messages are in a state."""
        return sum(number for (_, s), number in self.messages.items() if s == state)

    def mails(self, name: str, state: str = "sent") -> int:
        """How many e-mails of a template are in a state."""
        return self.leaving.get(("mail", name, state), 0)

    def is_settled(self, published: int) -> bool:
        """Whether all are in, all but one (of an unknown registration) are decided, and nothing is on its way out."""
        in_all = sum(self.messages.values())
        is_leaving = any(state in OPEN for _, _, state in self.leaving)
        return in_all == published and self.in_state("waiting") <= 1 and not is_leaving


@dataclass(frozen=True, slots=True)
class Expected:
    """What the demo knows of its own: kinds by message id, how often it published, the records it made."""

    messages: Mapping[str, str]
    times_published: int
    record_keys: frozenset[RecordKey]
    bad_keys: frozenset[RecordKey]
    records_sent: int
    records_bad: int


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be so: two numbers that must be equal."""

    what: str
    wanted: int
    found: int

    @property
    def holds(self) -> bool:
        """Whether it is so."""
        return self.wanted == self.found


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store holds at the end, in one snapshot.

    Args:
        counts: all messages and leavings.
        states: the published ids by the state of their message; ``lost`` is one the store does not know.
        twice: how many rows too many the published ids have.
        dead: dead letters: kind, code, reason in words, number.
        waiting: deferred messages.
        good_records: how many of the good records are there.
        bad_records: how many of those are there that should have been refused.
        conservation: what ``pmp reconcile`` says.
    """

    counts: Counts
    states: Mapping[str, int]
    twice: int
    dead: Sequence[tuple[str, str, str, int]]
    waiting: int
    good_records: int
    bad_records: int
    conservation: Conservation


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the day."""

    expected: Expected
    kept: Kept
    mails: Sequence[StoredMail]
    checks: Sequence[Check]

    @property
    def is_clean(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)


async def counted(tx: Transaction) -> Counts:
    """Count messages and leavings in one snapshot."""
    messages = {(row["kind"], row["state"]): row["number"] for row in await tx.rows("inbox.counts_by_kind")}
    leaving = {
        (row["channel"], row["name"], row["state"]): row["number"] for row in await tx.rows("outbox.counts_by_name")
    }
    return Counts(messages, leaving)


async def audit(store: Store, mail_folder: Path, expected: Expected, *, ended_well: bool) -> Result:
    """Compare what was published with what is kept."""
    kept = await store.read(lambda tx: _kept(tx, expected))
    checks = [
        *_message_checks(expected, kept),
        Check("good records stored = distinct good records made", len(expected.record_keys), kept.good_records),
        Check("refused records stored", 0, kept.bad_records),
        *_mail_checks(kept.counts, mail_folder),
        Check("worker processes that did not end in good order", 0, int(not ended_well)),
    ]
    return Result(expected, kept, read_folder(mail_folder), checks)


async def _kept(tx: Transaction, expected: Expected) -> Kept:
    states: Counter[str] = Counter()
    twice = 0
    for message_id in expected.messages:
        rows = await inbox.find(tx, message_id)
        states[str(rows[0]["state"]) if rows else "lost"] += 1
        twice += max(len(rows) - 1, 0)
    waiting = await tx.row("deferred.counts")
    return Kept(
        counts=await counted(tx),
        states=states,
        twice=twice,
        dead=[(row["kind"], row["code"], row["text"], row["number"]) for row in await tx.rows("dead_letters.grouped")],
        waiting=int(waiting["number"]) if waiting is not None else 0,
        good_records=await _stored(tx, expected.record_keys),
        bad_records=await _stored(tx, expected.bad_keys),
        conservation=await reconcile(tx),
    )


def _message_checks(expected: Expected, kept: Kept) -> list[Check]:
    published, states = len(expected.messages), kept.states
    settled = sum(states.get(state, 0) for state in ("done", "refused", "waiting", "dead"))
    return [
        Check("published = done + refused + waiting + dead", published, settled),
        Check("published ids that the store does not know", 0, states.get("lost", 0)),
        Check("published ids that it holds twice", 0, kept.twice),
        Check("messages in the store = ids published", published, kept.conservation.taken),
        Check("what pmp reconcile objects to", 0, int(not kept.conservation.is_clean)),
        Check("waiting messages are kept", states.get("waiting", 0), kept.waiting),
        Check("dead messages are kept", states.get("dead", 0), sum(number for *_, number in kept.dead)),
    ]


def _mail_checks(counts: Counts, folder: Path) -> list[Check]:
    sent = sum(number for (channel, _, state), number in counts.leaving.items() if (channel, state) == ("mail", "sent"))
    unsent = sum(number for (_, _, state), number in counts.leaving.items() if state != "sent")
    ids = message_ids(folder)
    return [
        *(
            Check(
                f"done {kind} = e-mails {', '.join(names)}",
                counts.of(kind, "done"),
                sum(counts.mails(name) for name in names),
            )
            for kind, names in TOLD
        ),
        Check("e-mails sent = e-mails in the folder", sent, len(ids)),
        Check("their Message-IDs are distinct", len(ids), len(set(ids))),
        Check("e-mails, events and answers that did not leave", 0, unsent),
    ]


def message_ids(folder: Path) -> list[str]:
    """Read the Message-ID of every e-mail in the folder."""
    return [
        str(email.message_from_bytes(file.read_bytes(), policy=email.policy.default)["Message-ID"])
        for file in folder.glob("*.eml")
    ]


async def _stored(tx: Transaction, keys: Collection[RecordKey]) -> int:
    """Count which of these records the store holds; its unique key holds none twice (R48)."""
    number = 0
    for key in keys:
        identity: dict[str, str | int] = dict(zip(_IDENTITY, key, strict=True))
        number += await tx.row("dispensations.one", **identity) is not None
    return number
