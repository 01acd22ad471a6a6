"""What nobody may do raises a case of conduct by itself, once a day, however often it happens (R24, R25, R61)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.outcomes import Refuse
from messages.review import ReviewRequested
from tests.people import OFFICER, open_account
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.test_review import ROBIN, train

TOLD = [("conduct.reported", "a@example.org"), ("conduct.reported", "b@example.org")]


async def test_r24_a_query_without_a_case_raises_one(bench: Bench) -> None:
    """Refused, recorded, and before the administrators; the second of the day raises no second one, the next day's does."""
    await open_account(bench.store, "OFF-1", OFFICER)
    await train(bench, "OFF-1")
    query = ReviewRequested(requester="OFF-1", patient=ROBIN)
    for told in (TOLD, []):
        outcome = await bench.send(query)
        assert isinstance(outcome, Refuse)
        assert (outcome.code, outcome.is_kept) == ("no_active_case", True)
        assert bench.told == told
    bench.now += timedelta(days=1)
    await bench.send(query)
    assert bench.told == TOLD
    assert await bench.count("conduct_cases") == 2


@pytest.mark.parametrize(("number", "told"), [(4, []), (5, TOLD), (50, TOLD)])
async def test_r61_repeated_forbidden_messages_raise_one(
    bench: Bench, number: int, told: list[tuple[str, str]]
) -> None:
    """A slip or two is nobody's conduct; what the sweep has told today it does not tell again."""
    for place in range(number):
        await bench.change(
            "INSERT INTO dead_letters (seq, kind, sender, message_id, properties, body, origin, code, text, faults, attempts, "
            f"died_at, state) VALUES ({place}, 'ticket.opened', 'stranger', 'm{place}', '{{}}', '', 'process', "
            "'not_authorised', 'No.', '[]', 1, '2026-06-15T14:00:00.000000Z', 'open')"
        )
    await bench.sweep(bench.today, "authorisation_failures")
    assert bench.told == told
    assert await bench.sweep(bench.today, "authorisation_failures") == []
