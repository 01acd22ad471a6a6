"""TH03 = 04 voids all that an earlier transaction brought, and its sender reads how much that was (R47, R49)."""

from __future__ import annotations

from messages.asap.writer import write_void
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.dispensing import CREATED, dispensing, faults, file, hand_in


async def test_r49_the_report_counts_what_was_voided(bench: Bench) -> None:
    """In the answer and in the e-mail."""
    await hand_in(bench, file("T1", dispensing("1"), dispensing("2")))
    report = await hand_in(bench, write_void("4.2B", "T1", CREATED))
    assert (report["verdict"], report["voided"], report["voids_not_found"], report["faults"]) == ("void", 2, 0, [])
    assert [notice for notice, _ in bench.told] == ["submission.status_report"]
    facts = bench.mails[0].facts
    assert (facts["outcome"], facts["voided"], facts["pharmacies"]) == ("voided", 2, [])


async def test_r29_an_unknown_transaction_is_told_of(bench: Bench) -> None:
    """Counted as not found, with a warning: the sender may have mistyped its number."""
    report = await hand_in(bench, write_void("4.2B", "T9", CREATED))
    assert (report["voided"], report["voids_not_found"]) == (0, 1)
    assert faults(report) == [("R29", "warning", None)]
    assert report["faults"][0]["field"] == "TH02"
