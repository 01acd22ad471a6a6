"""TH03 = 04 voids all that an earlier transaction brought, and its sender reads how much that was (R47, R49)."""

from __future__ import annotations

from datetime import date

from messages.asap.writer import write_transaction, write_void, write_zero_report
from notifier.preview import preview_of
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.dispensing import CREATED, PHARMACY, dispensing, faults, file, hand_in, kept, register

OTHER = PHARMACY | {"PHA01": "1245319599", "PHA02": "0700012", "PHA03": "AS1234563", "PHA04": "SAMPLE PHARMACY"}


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


async def test_r49_a_void_sent_again_gets_the_same_report(bench: Bench) -> None:
    """And no further e-mail; one whose transaction had not come yet is looked at anew (R48)."""
    assert (await hand_in(bench, write_void("4.2B", "T1", CREATED)))["voids_not_found"] == 1
    await hand_in(bench, write_void("4.2B", "T2", CREATED))
    await hand_in(bench, file("T2", dispensing("1")))
    await hand_in(bench, file("T3", dispensing("2"), dispensing("3")))
    report = await hand_in(bench, write_void("4.2B", "T3", CREATED))
    assert report["voided"] == 2
    assert await hand_in(bench, write_void("4.2B", "T3", CREATED)) == report
    assert bench.told == []
    again = await hand_in(bench, write_void("4.2B", "T2", CREATED))
    assert (again["voids_not_found"], again["faults"]) == (0, [])


async def test_r47_a_void_ends_the_errors_that_its_transaction_left(bench: Bench) -> None:
    """Whichever of the two comes first."""
    await hand_in(bench, file("T1", dispensing("1", DSP09="none"), dispensing("2")))
    await hand_in(bench, write_void("4.2B", "T1", CREATED))
    await hand_in(bench, write_void("4.2B", "T2", CREATED))
    await hand_in(bench, file("T2", dispensing("3", DSP09="none"), dispensing("4")))
    assert await bench.sweep(date(2026, 6, 16), "error_reminders") == []


async def test_r49_a_zero_report_cannot_be_withdrawn(bench: Bench) -> None:
    """Its sender is told so; nothing is counted."""
    zero = write_zero_report("4.2B", "Z1", CREATED, PHARMACY, begins_on=CREATED.date(), ends_on=CREATED.date())
    await hand_in(bench, zero)
    report = await hand_in(bench, write_void("4.2B", "Z1", CREATED))
    assert (report["voided"], report["voids_not_found"]) == (0, 0)
    assert "a zero report cannot be withdrawn" in report["faults"][0]["message"]


async def test_r61_what_the_sender_may_not_send_for_any_more_stays(bench: Bench) -> None:
    """Of several dispensers the others' records are withdrawn; when the register was mended, the void may come again."""
    await register(bench)
    await register(bench, dea=OTHER["PHA03"], npi=OTHER["PHA01"], ncpdp=None)
    blocks = [(PHARMACY, [dispensing("1")]), (OTHER, [dispensing("2"), dispensing("3", DSP09="none")])]
    await hand_in(bench, write_transaction("4.2B", "T1", CREATED, blocks))
    await register(bench, dea=OTHER["PHA03"], npi=OTHER["PHA01"], ncpdp=None, submitters=("other",))
    report = await hand_in(bench, write_void("4.2B", "T1", CREATED))
    assert report["voided"] == 1
    assert "1 record was withdrawn; what was not, and why, is told below." in " ".join(
        preview_of(bench.written[-1]).text.split()
    )
    assert faults(report) == [("R21", "error", None)]
    assert await kept(bench, "prescription_number, state") == [("1", "voided"), ("2", "active")]
    assert await bench.sweep(date(2026, 6, 16), "error_reminders") == []
    await register(bench, dea=OTHER["PHA03"], npi=OTHER["PHA01"], ncpdp=None)
    assert len(await bench.sweep(date(2026, 6, 17), "error_reminders")) == 1
    assert (await hand_in(bench, write_void("4.2B", "T1", CREATED)))["voided"] == 1
    assert await kept(bench, "prescription_number, state") == [("1", "voided"), ("2", "voided")]
