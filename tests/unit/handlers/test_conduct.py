"""Conduct: what anyone reports reaches the administrators at once, a referral its agency, and no word of it leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from handlers import conduct as conduct_handlers
from handlers.outcomes import DONE, Done
from handlers.work import Leaving, Work
from messages.conduct import ConductReported
from messages.envelope import Envelope
from store import conduct
from store.contract import Transaction
from tests.help_desk import conduct_acts, reported
from tests.unit.handlers.bench import Bench

ACTS = conduct_acts()


async def test_r25_every_administrator_hears_of_a_report(bench: Bench) -> None:
    """In the transaction that keeps it: which case, which kind, and that it waits; the sender is told the reference."""
    assert await bench.send(reported()) == Done({"reference": "C2026-000001"})
    assert bench.told == [("conduct.reported", "a@example.org"), ("conduct.reported", "b@example.org")]
    assert bench.mails[0].facts == {
        "reference": "C2026-000001", "reported_at_text": "June 15, 2026, 11:00 AM EDT", "kind": "Suspected misuse",
    }  # fmt: skip
    assert [one.name for one in bench.events] == ["conduct.reported"]


async def test_r25_a_report_needs_neither_a_name_nor_an_account(bench: Bench) -> None:
    """Anyone may report, about anyone or about nobody in particular."""
    message = ConductReported(case_id="C-1", what="policy_violation", text="A sheet of paper lay about.")
    assert isinstance(await bench.send(message), Done)
    assert len(bench.told) == 2


async def test_r64_a_referral_is_written_to_its_agency(bench: Bench) -> None:
    """Without particulars; to each agency once for each referral."""
    await bench.send(reported())
    for _ in range(2):
        assert await bench.send(ACTS["referred"]) == DONE
        assert bench.told == [("conduct.referred", "board@example.org")]
    case = await bench.store.read(lambda tx: conduct.one(tx, "C-1"))
    assert case is not None
    (_, first, second) = await bench.store.read(lambda tx: conduct.history(tx, case.no))
    assert first.step.agency == second.step.agency == "Sample Board"
    assert (first.step.actor, first.step.agency_email) == ("a@example.org", "board@example.org")
    assert await bench.count("outbox WHERE name = 'conduct.referred' AND channel = 'mail'") == 2


async def test_r27_no_word_of_a_case_leaves(bench: Bench) -> None:
    """Nor the reporter's name."""
    left = []
    for message in (reported(), *ACTS.values()):
        assert isinstance(await bench.send(message), Done)
        left += [*bench.mails, *bench.events]
    for word in ("Jordan", "Bo Lee", "bo@example.org"):
        assert word not in repr([dict(one.facts) for one in left])
        assert all(word.encode() not in mail.content for mail in bench.written)


async def test_r25_an_outcome_stays_whatever_is_noted_later(bench: Bench) -> None:
    """The case is closed with it, once."""
    await bench.send(reported())
    assert await bench.send(ACTS["outcome_recorded"]) == DONE
    bench.now += timedelta(days=1)
    assert await bench.send(ACTS["noted"]) == DONE
    assert await bench.count("conduct_cases WHERE outcome = 'unfounded' AND closed_at < '2026-06-16'") == 1


async def test_r25_cases_without_an_outcome_are_listed_by_age(bench: Bench) -> None:
    """The oldest first, in pages; a closed one is not in it."""
    for number in range(5):
        await bench.send(reported(f"C-{number}"))
        bench.now += timedelta(hours=1)
    await bench.send(conduct_acts("C-2")["outcome_recorded"])
    await bench.send(conduct_acts("C-3")["referred"])

    async def listed(tx: Transaction) -> list[tuple[str, str]]:
        return [(one.case_id, one.state) async for page in conduct.unclosed(tx, page=2) for one in page]

    assert await bench.store.read(listed) == [
        ("C-0", "open"), ("C-1", "open"), ("C-3", "referred"), ("C-4", "open"),
    ]  # fmt: skip


async def test_r24_a_handler_raises_a_case_once_a_day(bench: Bench) -> None:
    """The administrators hear of the first refused query of a day, not of the flood; the day is the programme's."""
    envelope = Envelope("m1", "account.password_set", "portal", b"{}")

    async def attempt() -> list[str]:
        leaving = Leaving(1)

        async def unit(tx: Transaction) -> bool:
            work: Work[Any, Any] = Work(None, None, envelope, 1, tx, bench.now, bench.now, bench.programme, leaving)
            return await conduct_handlers.raise_case(
                work, "unauthorised_use", ground="query_without_case", about="LE-1", text="Query without a case.",
                account_id="LE-1",
            )  # fmt: skip

        raised = await bench.store.write(unit)
        assert raised == bool(leaving.staged)
        return [one.destination for one in leaving.staged if one.channel == "mail"]

    assert await attempt() == ["a@example.org", "b@example.org"]
    bench.now += timedelta(hours=12, minutes=59)  # 23:59 in Connecticut
    assert await attempt() == []
    bench.now += timedelta(minutes=1)
    assert await attempt() == ["a@example.org", "b@example.org"]
