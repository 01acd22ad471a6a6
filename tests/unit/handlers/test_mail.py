"""Mail: a permanent bounce marks an address, transient ones when they add up; an administrator lifts the mark."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from handlers.outcomes import DONE, Outcome, Refuse
from messages.mail import MailAddressRestored, MailBounced, Permanence
from store import bounces
from tests.unit.handlers.bench import Bench

ROBIN = "robin@example.org"


def _bounced(permanence: Permanence = "permanent", at: datetime | None = None) -> MailBounced:
    return MailBounced(address=ROBIN, permanence=permanence, bounced_at=at, status="5.1.1")


async def _restore(bench: Bench, address: str = ROBIN) -> Outcome:
    return await bench.send(MailAddressRestored(address=address, actor="a@example.org", reason="It had been full."))


async def _is_marked(bench: Bench) -> bool:
    return ROBIN in await bench.store.read(lambda tx: bounces.marked_among(tx, {ROBIN}))


async def test_a_permanent_bounce_marks_the_address(bench: Bench) -> None:
    """Silently: the address stands in the administrators' list, and writing to it about that would help nobody."""
    assert await bench.send(_bounced()) == DONE
    assert await _is_marked(bench)
    assert (bench.told, bench.events) == ([], [])


@pytest.mark.parametrize(("pause_days", "is_marked"), [(1, True), (7, True), (8, False)])
async def test_transient_bounces_mark_when_they_add_up(bench: Bench, pause_days: int, is_marked: bool) -> None:
    """The fifth within thirty days; four, or five over a longer time, do not."""
    for number in range(5):
        assert await bench.send(_bounced("transient")) == DONE
        assert await _is_marked(bench) == (is_marked and number == 4)
        bench.now += timedelta(days=pause_days)


async def test_restoring_lifts_the_mark_and_is_kept(bench: Bench) -> None:
    """Compared without regard to case; who did it and why stands beside the bounce."""
    await bench.send(_bounced())
    bench.now += timedelta(days=1)
    assert await _restore(bench, "Robin@Example.org") == DONE
    assert not await _is_marked(bench)
    assert await bench.count("bounce_history WHERE act = 'restored' AND actor = 'a@example.org'") == 1


async def test_what_bears_no_mark_is_not_restored(bench: Bench) -> None:
    """The administrator is told so; a second time too."""
    outcome = await _restore(bench)
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == ("address_not_marked", "address")


async def test_a_bounce_that_arrives_after_its_restoring_marks_nothing(bench: Bench) -> None:
    """It tells of before; one without a time, or from the future, is of now."""
    await bench.send(_bounced())
    restored_at = bench.now + timedelta(hours=1)
    bench.now = restored_at
    await _restore(bench)
    bench.now += timedelta(hours=1)
    await bench.send(_bounced(at=restored_at - timedelta(minutes=1)))
    assert not await _is_marked(bench)
    await bench.send(_bounced(at=bench.now + timedelta(days=400)))
    assert await _is_marked(bench)
    bench.now += timedelta(hours=1)
    assert await _restore(bench) == DONE
    bench.now += timedelta(hours=1)
    await bench.send(_bounced())
    assert await _is_marked(bench)
