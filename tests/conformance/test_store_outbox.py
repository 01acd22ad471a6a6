"""The outbox: a notice is written once, leased by one relay, and its fate is never lost."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from pydantic import JsonValue
from pydantic_core import to_json

from store import outbox
from store.contract import Store
from store.outbox import Leased, Settled, Staged
from tests.conformance.conftest import OpenStore
from tests.conformance.examples import NOW, later

FACTS: dict[str, JsonValue] = {
    "name": "Zoë Example",
    "days_left": 9,
    "particulars": [["Role", "Pharmacist"]],
    "next": None,
}


def _mail(key: str | None = "k1", *, name: str = "account.locked") -> Staged:
    return Staged("mail", name, "zoe@example.org", FACTS, key=key, seq=7, correlation_id="c1")


async def _stage(store: Store, *staged: Staged, at: datetime = NOW) -> int:
    return await store.write(lambda tx: outbox.stage_all(tx, staged, at))


async def _lease(store: Store, *, by: str = "relay", at: datetime = NOW, most: int = 100) -> list[Leased]:
    until = at + timedelta(seconds=60)
    return await store.write(lambda tx: outbox.lease(tx, "mail", now=at, leased_until=until, leased_by=by, most=most))


async def _settle(store: Store, *settled: Settled, by: str = "relay", at: datetime = NOW) -> None:
    await store.write(lambda tx: outbox.settle_all(tx, settled, by, at))


async def _hand_over(
    store: Store, *numbers: int, by: str = "relay", until: datetime = NOW + timedelta(seconds=60)
) -> set[int]:
    return await store.write(lambda tx: outbox.hand_over_all(tx, numbers, by, until))


async def _expire(store: Store, at: datetime) -> int:
    return await store.write(lambda tx: outbox.expire_leases(tx, at))


async def _states(store: Store) -> list[str]:
    rows = await store.read(outbox.listed)
    return [row["state"] for row in reversed(rows)]


async def test_a_key_is_written_once_ever(store: Store) -> None:
    """Also after it was sent; rows without a key are written each time."""
    assert await _stage(store, _mail("k1"), _mail("k1"), _mail("k2"), _mail(None), _mail(None)) == 4
    assert await _stage(store, _mail("k1"), _mail("k3")) == 1


async def test_two_writers_of_one_key_write_it_once(open_store: OpenStore, store: Store) -> None:
    """Neither fails, one of them writes."""
    other = await open_store()
    keys = [f"k{number:02}" for number in range(60)]
    written = await asyncio.gather(
        _stage(store, *(_mail(key) for key in keys)), _stage(other, *(_mail(key) for key in keys))
    )
    assert sum(written) == len(keys)


async def test_a_leased_row_is_what_was_staged(store: Store) -> None:
    """Facts come back as they were, letters and numbers alike."""
    await _stage(store, _mail())
    (leased,) = await _lease(store)
    assert leased == Leased(
        no=leased.no, channel="mail", name="account.locked", destination="zoe@example.org", key="k1",
        facts_json=to_json(FACTS).decode(), seq=7, correlation_id="c1", attempts=0, created_at=NOW,
    )  # fmt: skip
    assert leased.facts == FACTS


async def test_a_relay_gets_what_is_due_on_its_channel(store: Store) -> None:
    """Not what is due later, not another channel's."""
    await _stage(store, Staged("event", "ticket.opened", "ticket.opened", {}), _mail("k1"))
    await _stage(store, _mail("k2"), at=later(5))
    assert [row.key for row in await _lease(store, at=later(4))] == ["k1"]
    assert [row.key for row in await _lease(store, at=later(5))] == ["k2"]


async def test_two_relays_never_hold_the_same_row(open_store: OpenStore, store: Store) -> None:
    """Leasing at the same time they share what is due, and nothing is left over."""
    await _stage(store, *(_mail(f"k{number}") for number in range(20)))
    other = await open_store()
    mine, theirs = await asyncio.gather(_lease(store, by="a", most=12), _lease(other, by="b", most=12))
    rest = await _lease(store, by="a")
    numbers = [row.no for row in (*mine, *theirs, *rest)]
    assert len(numbers) == len(set(numbers)) == 20


async def test_a_sent_row_is_never_leased_again(store: Store) -> None:
    """It stands as sent, with the server's reply."""
    await _stage(store, _mail())
    (leased,) = await _lease(store)
    assert await _hand_over(store, leased.no) == {leased.no}
    await _settle(store, Settled(leased.no, "sent", 1, NOW, "250 taken"), at=later(1))
    (row,) = await store.read(lambda tx: outbox.listed(tx, channel="mail", state="sent"))
    assert (row["reply"], row["attempts"], row["settled_at"]) == ("250 taken", 1, "2026-11-24T08:41:43.123456Z")
    assert await _expire(store, later(10_000)) == 0
    assert await _lease(store, at=later(10_000)) == []


async def test_a_row_put_off_is_due_later(store: Store) -> None:
    """It is leased again at its new time with its attempts, and is not settled."""
    await _stage(store, _mail())
    (leased,) = await _lease(store)
    await _settle(store, Settled(leased.no, "due", 1, later(30), "450 busy"))
    assert await _lease(store, at=later(29)) == []
    (again,) = await _lease(store, at=later(30))
    assert (again.no, again.attempts) == (leased.no, 1)
    (row,) = await store.read(outbox.listed)
    assert row["settled_at"] is None


async def test_a_claimed_row_of_a_dead_relay_is_due_again(store: Store) -> None:
    """Only once its lease has run out; the dead relay can neither hand it over nor settle it any more."""
    await _stage(store, _mail())
    (leased,) = await _lease(store, by="a")
    assert await _expire(store, later(59)) == 0
    assert await _expire(store, later(60)) == 1
    assert await _hand_over(store, leased.no, by="a") == set()
    await _settle(store, Settled(leased.no, "sent", 1, NOW, "250 taken"), by="a")
    assert [row.no for row in await _lease(store, by="b", at=later(60))] == [leased.no]


async def test_the_fate_of_a_handed_over_row_is_unknown(store: Store) -> None:
    """The relay died between handing over and the answer: nobody sends it again until it is judged."""
    await _stage(store, _mail())
    (leased,) = await _lease(store)
    await _hand_over(store, leased.no)
    assert await _expire(store, later(60)) == 1
    assert await _lease(store, at=later(60)) == []
    (row,) = await store.read(lambda tx: outbox.unknown(tx, most=10))
    assert (row["no"], row["name"], row["unknowns"]) == (leased.no, "account.locked", 0)


@pytest.mark.parametrize(("state", "leased_again"), [("due", 1), ("held", 0)])
async def test_an_unknown_fate_is_judged_once(store: Store, state: outbox.State, leased_again: int) -> None:
    """Sent once more under the same key, or held for an operator; a second judgement changes nothing."""
    await _stage(store, _mail())
    (leased,) = await _lease(store)
    await _hand_over(store, leased.no)
    await _expire(store, later(60))
    assert state in ("due", "held")
    await store.write(lambda tx: outbox.judge(tx, leased.no, state, later(60)))
    await store.write(lambda tx: outbox.judge(tx, leased.no, "held", later(60)))
    assert await _states(store) == [state]
    again = await _lease(store, at=later(60))
    assert [(row.no, row.key, row.attempts) for row in again] == [(leased.no, "k1", 0)] * leased_again
    if again:  # lost a second time: it is known that it was judged before, whatever other attempts it had
        await _hand_over(store, leased.no, until=later(120))
        await _expire(store, later(120))
        (row,) = await store.read(lambda tx: outbox.unknown(tx, most=10))
        assert row["unknowns"] == 1


async def test_only_the_holder_hands_over_and_settles(store: Store) -> None:
    """Another relay's word does not count."""
    await _stage(store, _mail())
    (leased,) = await _lease(store, by="a")
    assert await _hand_over(store, leased.no, by="b") == set()
    await _settle(store, Settled(leased.no, "refused", 1, NOW, "550 no"), by="b")
    assert await _states(store) == ["claimed"]
    await _settle(store, Settled(leased.no, "refused", 1, NOW, "550 no"), by="a")
    assert await _states(store) == ["refused"]


async def test_a_hand_over_and_a_renewal_make_the_lease_long_again(store: Store) -> None:
    """Only the holder's; the server's answer has that long to come."""
    await _stage(store, _mail("k1"), _mail("k2"))
    first, second = await _lease(store)
    await _hand_over(store, first.no, until=later(90))
    await store.write(lambda tx: outbox.renew_all(tx, [second.no], "another", later(900)))
    await store.write(lambda tx: outbox.renew_all(tx, [second.no], "relay", later(80)))
    assert await _expire(store, later(79)) == 0
    assert await _expire(store, later(80)) == 1
    assert await _expire(store, later(89)) == 0
    assert await _expire(store, later(90)) == 1
    assert await _states(store) == ["unknown", "due"]


async def test_what_was_not_sent_is_released_as_it_was(store: Store) -> None:
    """Due at its old time, before what came later, with its old attempts; another relay's rows stay where they are."""
    await _stage(store, _mail("k1"), at=NOW)
    (first,) = await _lease(store, at=later(5))
    await _stage(store, _mail("k2"), at=later(1))
    await store.write(lambda tx: outbox.release_all(tx, [first.no], "another"))
    assert await _states(store) == ["claimed", "due"]
    await store.write(lambda tx: outbox.release_all(tx, [first.no], "relay"))
    (again,) = await _lease(store, at=later(5), most=1)
    assert (again.no, again.attempts) == (first.no, 0)
