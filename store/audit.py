"""The audit trail (R60): who did what to which record, when, on whose behalf; appended with the effects, chained by hashes.

Each row's hash covers the row and the hash before it, under a key that the database does not hold. Whoever changes, removes or
reorders rows leaves a place where the chain does not fit. To prove that nothing was cut off at the end, keep a head
(``pmp audit heads``) somewhere else and verify against it.

Fields stand here as names and keyed hashes: enough to see which fields a message changed, and whether to the same value as
before, and nothing about whom. What a field was before is what the record's previous entry says it became.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from store.contract import Row, Transaction, Value, as_text
from store.paging import paged

_PAGE = 2000
_SEALED = ("acted_at", "actor", "on_behalf", "act", "outcome", "message_id", "record", "changes")

Change = tuple[str, Mapping[str, str | None]]
"""A statement that wrote something, and its fields' hashes."""


class Entry(NamedTuple):
    """One act. ``actor`` is a broker user, ``operator:…`` or ``sweep:…``; ``on_behalf`` the person the message names."""

    actor: str
    act: str
    outcome: str
    on_behalf: str = ""
    message_id: str = ""
    record: str = ""
    changes: Sequence[Change] = ()


@dataclass(frozen=True, slots=True)
class Operator:
    """A person at the command line, whose acts stand in the trail too."""

    name: str
    audit_key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: how many rows it has, and the last one's hash."""

    chain: int
    place: int
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """A place where a chain does not fit, and what that means."""

    chain: int
    place: int
    what: str


class Recording:
    """A transaction that notes which statements wrote which fields; for messages handled one at a time."""

    def __init__(self, tx: Transaction, key: bytes) -> None:
        self.tx = tx
        self._key = key
        self.changes: list[Change] = []

    @property
    def writes(self) -> int:
        """See Transaction.writes."""
        return self.tx.writes

    @writes.setter
    def writes(self, number: int) -> None:
        self.tx.writes = number

    async def rows(self, statement: str, **values: Value) -> Sequence[Row]:
        """See Transaction.rows."""
        before = self.tx.writes
        found = await self.tx.rows(statement, **values)
        self._note(before, statement, values)
        return found

    async def row(self, statement: str, **values: Value) -> Row | None:
        """See Transaction.row."""
        before = self.tx.writes
        found = await self.tx.row(statement, **values)
        self._note(before, statement, values)
        return found

    async def run(self, statement: str, **values: Value) -> int:
        """See Transaction.run."""
        before = self.tx.writes
        changed = await self.tx.run(statement, **values)
        self._note(before, statement, values)
        return changed

    async def insert_all(self, statement: str, rows: Sequence[Sequence[Value]]) -> int:
        """See Transaction.insert_all."""
        before = self.tx.writes
        inserted = await self.tx.insert_all(statement, rows)
        self._note(before, statement, {"rows": inserted})
        return inserted

    def _note(self, before: int, statement: str, values: Mapping[str, Value]) -> None:
        if self.tx.writes != before:
            self.changes.append((statement, {name: hashed(value, self._key) for name, value in values.items()}))


def hashed(value: Value, key: bytes) -> str | None:
    """Return what stands for a value in the trail: the same for the same value, and not to be guessed without the key."""
    if value is None:
        return None
    plain = value if isinstance(value, bytes) else str(value).encode()
    return hashlib.blake2b(plain, key=key, digest_size=8).hexdigest()


async def append(tx: Transaction, entries: Sequence[Entry], *, now: datetime, key: bytes) -> None:
    """Add the entries to the end of a chain, in their order; they commit with what they tell of."""
    if not entries:
        return
    hasher = _hasher(key)
    head = await tx.row("audit.take_head") or await tx.row("audit.wait_for_head")
    assert head is not None
    chain, place, last = head["chain"], head["place"], head["hash"]
    rows: list[tuple[Value, ...]] = []
    acted_at = as_text(now)
    for entry in entries:
        place += 1
        actor, act, outcome, on_behalf, message_id, record, changed = entry
        changes = json.dumps(changed, separators=(",", ":")) if changed else ""
        told = (acted_at, actor, on_behalf, act, outcome, message_id, record, changes)
        last = _chained(last, chain, place, told, hasher)
        rows.append((chain, place, *told, last))
    await tx.insert_all("audit.insert", rows)
    await tx.run("audit.move_head", chain=chain, place=place, hash=last)


def _hasher(key: bytes) -> hashlib.blake2b:
    """Take the key in; each row's hash goes on from a copy."""
    return hashlib.blake2b(key=key, digest_size=32)


def _chained(last: str, chain: int, place: int, told: Sequence[str], hasher: hashlib.blake2b) -> str:
    # Every field by its length, so that no two rows can ever read the same; written out, for each message comes by here.
    n, c, p = len, str(chain), str(place)
    at, actor, behalf, act, outcome, message, record, changes = told
    plain = (
        f"{n(last)}:{last}{n(c)}:{c}{n(p)}:{p}{n(at)}:{at}{n(actor)}:{actor}{n(behalf)}:{behalf}{n(act)}:{act}"
        f"{n(outcome)}:{outcome}{n(message)}:{message}{n(record)}:{record}{n(changes)}:{changes}"
    )
    row = hasher.copy()
    row.update(plain.encode("utf-8", "surrogatepass"))
    return row.hexdigest()


async def heads(tx: Transaction) -> list[Head]:
    """Return the end of every chain that has rows."""
    return [Head(row["chain"], row["place"], row["hash"]) for row in await tx.rows("audit.heads")]


@dataclass(slots=True)
class Verified:
    """What a verification found."""

    rows: int = 0
    breaks: list[Break] = field(default_factory=list)


async def verify(tx: Transaction, *, key: bytes, expected: Sequence[Head] = ()) -> AsyncIterator[Verified]:
    """Recompute every chain; yields what was found so far after each page, so that progress can be shown.

    Args:
        tx: one snapshot of the store.
        key: the key under which the chains were made.
        expected: heads that were kept elsewhere; the chain must still hold them.
    """
    found = Verified()
    ends = {row.chain: row for row in await heads(tx)}
    for row in await tx.rows("audit.chains"):
        chain = int(row["chain"])
        kept = {head.place: head.hash for head in expected if head.chain == chain}
        place, last = 0, ""
        async for page in paged(tx, "audit.page", page=_PAGE, after={"after": ("place", 0)}, chain=chain):
            for one in page:
                found.breaks += _misfits(one, place, last, key, kept.pop(one["place"], None))
                place, last = one["place"], one["hash"]
                found.rows += 1
            yield found
        end = ends.get(chain, Head(chain, 0, ""))
        if (end.place, end.hash) != (place, last):
            found.breaks.append(
                Break(chain, place, "the chain does not end where its head says: rows were cut off or added")
            )
        found.breaks += [Break(chain, missing, "the row of an expected head is missing") for missing in sorted(kept)]
    yield found


def _misfits(row: Row, place: int, last: str, key: bytes, expected: str | None) -> list[Break]:
    chain, here = row["chain"], row["place"]
    found = []
    if here != place + 1:
        found.append(Break(chain, place + 1, f"{here - place - 1} rows are missing before place {here}"))
    elif row["hash"] != _chained(last, chain, here, [row[name] for name in _SEALED], _hasher(key)):
        found.append(Break(chain, here, "the row was changed, or another stood before it"))
    if expected is not None and row["hash"] != expected:
        found.append(Break(chain, here, "the row is not the one of the expected head"))
    return found


async def of_record(
    tx: Transaction, record: str, *, actor: str = "", since: str = "", most: int = 1000
) -> Sequence[Row]:
    """Return what was last done to a record, by anyone or by one actor, oldest first."""
    return (await tx.rows("audit.of_record", record=record, actor=actor, since=since, most=most))[::-1]


async def of_actor(tx: Transaction, actor: str, *, since: str = "", most: int = 1000) -> Sequence[Row]:
    """Return what an actor last did, itself or through a portal, oldest first."""
    return (await tx.rows("audit.of_actor", actor=actor, since=since, most=most))[::-1]


async def since(tx: Transaction, moment: str, *, most: int = 1000) -> Sequence[Row]:
    """Return what was last done since a moment, oldest first."""
    return (await tx.rows("audit.since", since=moment, most=most))[::-1]
