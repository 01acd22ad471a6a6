"""Who gets mail now: marked addresses none, everybody at most so many an hour, on both stores; nothing is lost by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from store import bounces, outbox
from store.bounces import Bounce
from store.contract import Store, Transaction
from store.outbox import Leased, Settled, Staged
from store.recipients import RecipientRules, lease_mails

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
THREE = RecipientRules(per_hour=3, urgent=frozenset({"ticket.critical"}))
BO, ANA = "bo@example.org", "ana@example.org"


def at(minutes: float) -> datetime:
    """So many minutes after NOW."""
    return NOW + timedelta(minutes=minutes)


async def stage(store: Store, number: int, to: str = BO, *, name: str = "ticket.opened") -> None:
    """So many mails to one recipient are due since NOW."""
    staged = [Staged("mail", name, to, {}) for _ in range(number)]
    await store.write(lambda tx: outbox.stage_all(tx, staged, NOW))


async def lease(
    store: Store, minutes: float, rules: RecipientRules = THREE, by: str = "one", most: int = 400
) -> list[Leased]:
    """What a relay gets."""
    now = at(minutes)
    return await store.write(
        lambda tx: lease_mails(tx, rules, now=now, leased_until=now + timedelta(minutes=2), leased_by=by, most=most)
    )


async def send(store: Store, minutes: float, rules: RecipientRules = THREE) -> list[str]:
    """A relay's turn: what it gets is sent; to whom, in order."""
    leased = await lease(store, minutes, rules)
    sent = [Settled(one.no, "sent", 1, at(minutes), "250 queued") for one in leased]
    await store.write(lambda tx: outbox.settle_all(tx, sent, "one", at(minutes)))
    return [one.destination for one in leased]


async def rows(store: Store) -> list[tuple[str, str, str]]:
    """State, due time and reply of each mail, the first first."""
    found = await store.read(lambda tx: outbox.listed(tx, channel="mail", most=1000))
    return [(row["state"], row["due_at"][11:16], row["reply"] or "") for row in reversed(found)]


async def mark(store: Store, address: str = BO, minutes: float = 0) -> bool:
    """The address bounced for good."""
    return await store.write(lambda tx: bounces.mark(tx, Bounce(address, "permanent", at(minutes), 1, "5.1.1")))


async def test_what_is_too_much_for_an_hour_is_delayed_and_none_is_lost(store: Store) -> None:
    """The rest goes when the hour is over, as many again at most, the earlier first; others are not held up."""
    await stage(store, 8)
    await stage(store, 1, ANA)
    assert await send(store, 0) == [BO, BO, BO, ANA]
    assert [row[:2] for row in await rows(store)][3:8] == [("due", "16:00")] * 3 + [("due", "17:00")] * 2
    assert await send(store, 59.9) == []
    assert await send(store, 60.1) == [BO] * 3
    assert await send(store, 90) == []
    assert await send(store, 120.2) == [BO] * 2
    assert {row[0] for row in await rows(store)} == {"sent"}


async def test_the_hour_slides(store: Store) -> None:
    """It is any sixty minutes, not one on the clock; and a recipient is the same in capitals."""
    for minutes in (50, 55, 58):
        await stage(store, 1)
        assert await send(store, minutes) == [BO]
    await stage(store, 1, BO.upper())
    assert await send(store, 61) == []
    assert (await rows(store))[-1][:2] == ("due", "16:50")
    assert await send(store, 110.1) == [BO.upper()]


async def test_what_another_relay_holds_counts(store: Store) -> None:
    """Two relays together keep the limit."""
    await stage(store, 5)
    assert len(await lease(store, 0, by="other", most=2)) == 2
    assert len(await lease(store, 0.1)) == 1


async def test_an_urgent_notice_is_not_delayed(store: Store) -> None:
    """Whoever is on call hears of what is critical although their hour is full, or their address is marked."""
    await stage(store, 4)
    await mark(store, ANA)
    await stage(store, 1, name="ticket.critical")
    await stage(store, 1, ANA, name="ticket.critical")
    assert await send(store, 1) == [BO, BO, BO, BO, ANA]


async def test_a_flood_to_one_does_not_hold_up_the_others(store: Store) -> None:
    """A relay that gets nothing of a whole lease looks further at once."""
    await stage(store, 30)
    await stage(store, 1, ANA)
    assert await send(store, 0) == [BO, BO, BO, ANA]
    await stage(store, 12)
    await stage(store, 1, ANA)
    assert [one.destination for one in await lease(store, 1, most=4)] == [ANA]


async def test_a_marked_address_gets_none(store: Store) -> None:
    """Its mail ends as refused with the reason, as does what is staged later; others get theirs."""
    await stage(store, 2, "Bo@Example.org")
    await stage(store, 1, ANA)
    assert await mark(store)
    assert await send(store, 1) == [ANA]
    assert [row[0] for row in await rows(store)] == ["refused", "refused", "sent"]
    assert "marked" in (await rows(store))[0][2]


async def test_a_restored_address_gets_mail_again(store: Store) -> None:
    """What was refused meanwhile stays refused; a bounce that is older than the restoring marks nothing any more."""
    await mark(store)
    await stage(store, 1)
    assert await send(store, 1) == []
    assert await store.write(lambda tx: bounces.restore(tx, BO, at(10)))
    assert not await store.write(lambda tx: bounces.restore(tx, BO, at(11)))
    await stage(store, 1)
    assert await send(store, 12) == [BO]
    assert not await mark(store, minutes=9)
    assert await store.read(bounces.marked_count) == 0
    assert await mark(store, minutes=13)
    assert await store.read(bounces.marked_count) == 1


@pytest.mark.parametrize("page", [1, 2, 500])
async def test_marked_addresses_are_listed(store: Store, page: int) -> None:
    """The longest marked first, each with its status, in pages."""
    for number in (2, 0, 1):
        await mark(store, f"p{number}@example.org", number)

    async def listed(tx: Transaction) -> list[str]:
        return [one.address for found in [p async for p in bounces.marked(tx, page=page)] for one in found]

    assert await store.read(listed) == [f"p{number}@example.org" for number in range(3)]
