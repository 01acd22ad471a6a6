"""A pharmacy that reads e-mail only learns what became of its file (F11)."""

from __future__ import annotations

from datetime import timedelta

from notifier.preview import Preview, preview_of
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.dispensing import dispensing, file, hand_in, register


def last(bench: Bench) -> Preview:
    """The last e-mail as its reader sees it."""
    return preview_of(bench.written[-1])


async def test_r47_a_duplicate_with_a_warning_is_not_said_to_be_stored(bench: Bench) -> None:
    """Nor does its fault say so: what was stored is counted apart from what has warnings."""
    await hand_in(bench, file("T1", dispensing("1", DSP05="20260601", DSP03="20260601")))
    await hand_in(bench, file("T2", dispensing("1", DSP05="20260601", DSP03="20260601")))
    seen = last(bench)
    counts = [" ".join(line.split()) for line in seen.text.splitlines()]
    assert {"Stored as new 0", "Duplicates, not stored again 1"} <= set(counts)
    assert "dispensed on June 1, 2026 and reported on June 15, 2026; expected the report by June 2, 2026" in " ".join(
        seen.text.split()
    )
    assert "is stored" not in seen.text + seen.html
    assert "Stored with" not in seen.text + seen.html


async def test_f11_another_file_under_a_used_number_is_told_of(bench: Bench) -> None:
    """That nothing of it was stored, and what to do; the same file sent again is silent."""
    await hand_in(bench, file("T1", dispensing("1")))
    await hand_in(bench, file("T1", dispensing("1")))
    assert bench.told == []
    report = await hand_in(bench, file("T1", dispensing("1"), dispensing("2")))
    assert report["verdict"] == "failed"
    assert bench.told == [("submission.failed", "files@example.org")]
    text = " ".join(last(bench).text.split())
    assert "Nothing of this submission was stored" in text
    assert "F11, TH02: TH02 (Transaction Control Number): used before for another submission. Nothing" in text


async def test_r21_no_warning_says_that_records_are_stored(bench: Bench) -> None:
    """Numbers of two dispensers keep nothing out; whether it is stored, is a duplicate or a void is not theirs to tell."""
    await register(bench)
    for transaction in ("T1", "T2"):
        report = await hand_in(bench, file(transaction, dispensing("1"), PHA01="1245319599"))
        (told,) = [fault["message"] for fault in report["faults"] if fault["check"] == "R21"]
        assert "This keeps none of its records out: correct its numbers" in told
        assert "is stored" not in told and "are stored" not in told


async def test_r29_a_void_that_finds_nothing_says_what_happens_should_its_record_still_come(bench: Bench) -> None:
    """Its transaction may have been overtaken; and a record that was withdrawn before is not called unknown."""
    await hand_in(bench, file("T1", dispensing("1", "02")))
    text = " ".join(last(bench).text.split())
    assert "a void of a record that is not known, or was withdrawn before" in text
    assert (
        "Should it still come in a transaction made before this one, it is withdrawn then. Nothing was withdrawn"
        in text
    )


async def test_r47_a_reminder_of_what_was_told_twice_points_to_the_report_that_names_it(bench: Bench) -> None:
    """The newer submission's; the day is that of the first."""
    await hand_in(bench, file("T1", dispensing("1", DSP09="none")))
    bench.now += timedelta(days=1)
    await hand_in(bench, file("T2", dispensing("1", DSP09="none")))
    await bench.sweep(bench.now.date() + timedelta(days=1), "error_reminders")
    text = " ".join(last(bench).text.split())
    assert "Transaction: T2" in text
    assert "First reported to you on: June 15, 2026" in text
    assert "The status report on this transaction says what is wrong." in text
