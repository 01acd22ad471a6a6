"""What did not leave is sent again or never, by whom and why is kept, and what has left is left alone."""

from __future__ import annotations

from functools import partial

import pytest

from store import outbox, withheld
from store.audit import Operator
from store.contract import Store, Transaction
from store.outbox import Settled, Staged, State
from tests.conformance.examples import NOW, later

release = partial(withheld.release, no=1, operator=Operator("grace"), why="asked the recipient", now=NOW)
discard = partial(withheld.discard, no=1, operator=Operator("grace"), why="asked the recipient", now=NOW)


async def staged_as(store: Store, state: State) -> None:
    """One mail that has come to this state by the relay's own steps."""

    async def unit(tx: Transaction) -> None:
        await outbox.stage_all(tx, [Staged("mail", "ticket.opened", "a@example.org", {}, key="k")], NOW)
        await outbox.lease(tx, "mail", now=NOW, leased_until=later(60), leased_by="relay", most=1)
        await outbox.hand_over_all(tx, [1], "relay", later(60))
        settled = "unknown" if state == "held" else state
        await outbox.settle_all(tx, [Settled(1, settled, 3, NOW, "told")], "relay", NOW)
        if state == "held":
            await outbox.judge(tx, 1, "held", NOW)

    await store.write(unit)


async def state_of(store: Store) -> str:
    row = await store.read(lambda tx: withheld.one(tx, 1))
    assert row is not None
    return str(row["state"])


@pytest.mark.parametrize("state", ["held", "unknown", "refused"])
async def test_what_did_not_arrive_can_be_released(store: Store, state: State) -> None:
    """Once: then it is due as if it were new, and a relay takes it."""
    await staged_as(store, state)
    assert [await store.write(release) for _ in range(2)] == [True, False]
    leased = await store.write(
        lambda tx: outbox.lease(tx, "mail", now=later(5), leased_until=later(60), leased_by="relay", most=9)
    )
    assert [(one.no, one.attempts) for one in leased] == [(1, 0)]


@pytest.mark.parametrize("state", ["due", "held", "unknown", "refused"])
async def test_what_waits_can_be_discarded(store: Store, state: State) -> None:
    """Once, and for good: it is neither due nor releasable afterwards."""
    await staged_as(store, state)
    assert [await store.write(discard) for _ in range(2)] == [True, False]
    assert not await store.write(release)
    assert await state_of(store) == "discarded"
    leased = await store.write(
        lambda tx: outbox.lease(tx, "mail", now=later(5), leased_until=later(60), leased_by="relay", most=9)
    )
    assert leased == []


async def test_what_has_left_is_left_alone(store: Store) -> None:
    """Nor is anything written down that did not happen."""
    await staged_as(store, "sent")
    for act in (release, discard):
        assert not await store.write(act)
    assert await state_of(store) == "sent"
    assert not await store.read(lambda tx: tx.rows("overview.acts", object="outbox 1"))


async def test_what_did_not_leave_is_found_page_by_page(store: Store) -> None:
    """By state, channel and name, oldest first, however many there are."""

    async def unit(tx: Transaction) -> None:
        names = ["ticket.opened", "ticket.closed"] * 4
        await outbox.stage_all(tx, [Staged("mail", name, "a@example.org", {}) for name in names], NOW)
        await outbox.stage_all(tx, [Staged("event", "ticket.opened", "ticket.opened", {})], NOW)
        await outbox.lease(tx, "mail", now=NOW, leased_until=later(60), leased_by="relay", most=9)
        states: list[State] = ["refused", "refused", "refused", "refused", "refused", "unknown", "sent", "held"]
        await outbox.settle_all(
            tx, [Settled(no, state, 1, NOW, "") for no, state in enumerate(states, 1)], "relay", NOW
        )

    async def found(states: set[str], **which: str) -> list[int]:
        return await store.read(lambda tx: withheld.matching(tx, states, **which, page=2))

    await store.write(unit)
    assert await found({"refused", "held"}) == [1, 2, 3, 4, 5, 8]
    assert await found({"refused", "unknown"}, name="ticket.closed") == [2, 4, 6]
    assert await found({"due", "refused"}, channel="event") == [9]
