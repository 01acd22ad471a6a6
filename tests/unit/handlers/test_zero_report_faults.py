"""A zero report at fault is never confirmed: its sender learns why it does not count (R42, R46, R47)."""

from __future__ import annotations

from datetime import date

import pytest

from messages.asap.writer import write_zero_report
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.dispensing import CREATED, PHARMACY, hand_in

ZERO = write_zero_report("4.2B", "Z1", CREATED, PHARMACY, begins_on=date(2026, 6, 12), ends_on=date(2026, 6, 14))


async def test_r47_a_zero_report_in_order_is_confirmed_and_no_more(bench: Bench) -> None:
    """One e-mail, the confirmation."""
    await hand_in(bench, ZERO)
    assert [notice for notice, _ in bench.told] == ["submission.zero_report"]


@pytest.mark.parametrize(
    ("change", "check"),
    [((b"AB1234563", b"ZZ1234567"), "R17"), ((b"#-#20260614#", b"#-#20260714#"), "R04")],
    ids=["r17-no-such-number", "r04-not-over"],
)
async def test_r47_one_at_fault_is_reported_instead(bench: Bench, change: tuple[bytes, bytes], check: str) -> None:
    """The status report names the fault."""
    report = await hand_in(bench, ZERO.replace(*change))
    assert [fault["check"] for fault in report["faults"]] == [check]
    assert [notice for notice, _ in bench.told] == ["submission.status_report"]


async def test_r47_a_warning_alone_does_not_keep_it_from_being_confirmed(bench: Bench) -> None:
    """A wrong TP01 stands in the answer; the confirmation stands."""
    report = await hand_in(bench, ZERO.replace(b"TP*5", b"TP*7"))
    assert [fault["check"] for fault in report["faults"]] == ["F10"]
    assert [notice for notice, _ in bench.told] == ["submission.zero_report"]
