"""Files of one dispenser take effect in the order of their transactions, whatever order they arrive in (R49)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from handlers.outcomes import Done
from messages.asap.writer import write_void
from messages.dispensation import DispensationFileSubmitted
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.dispensing import became, dispensing, file, hand_in, kept

FIRST, SECOND, THIRD = (datetime(2026, 6, 15, hour, tzinfo=UTC) for hour in (8, 9, 10))
STANDING = "prescription_number, state, days_supply"


async def test_r49_an_older_revision_does_not_overwrite_a_newer_one(bench: Bench) -> None:
    """It is counted as it would have been in time, and kept in the history."""
    await hand_in(bench, file("T1", dispensing("1"), created_at=FIRST))
    await hand_in(bench, file("T3", dispensing("1", "01", DSP10="30"), created_at=THIRD))
    late = await hand_in(bench, file("T2", dispensing("1", "01", DSP10="20"), created_at=SECOND))
    assert became(late) == {"revised": 1}
    assert await kept(bench, STANDING) == [("1", "active", 30)]
    assert await bench.count("dispensation_versions") == 2


async def test_r49_a_void_that_overtook_its_record_withdraws_it(bench: Bench) -> None:
    """The record is stored in its place, behind which the void stands already; a later new one is new again."""
    assert became(await hand_in(bench, file("T2", dispensing("1", "02"), created_at=SECOND))) == {"voids_not_found": 1}
    assert became(await hand_in(bench, file("T1", dispensing("1"), created_at=FIRST))) == {"stored": 1}
    assert await kept(bench, STANDING) == [("1", "voided", 10)]
    assert became(await hand_in(bench, file("T3", dispensing("1", DSP10="5"), created_at=THIRD))) == {"stored": 1}
    assert await kept(bench, STANDING) == [("1", "active", 5)]


async def test_r49_an_older_void_does_not_withdraw_what_was_sent_again(bench: Bench) -> None:
    """The newer file brought the record once more, if only as a duplicate."""
    await hand_in(bench, file("T1", dispensing("1"), created_at=FIRST))
    assert became(await hand_in(bench, file("T3", dispensing("1"), created_at=THIRD))) == {"duplicates": 1}
    assert became(await hand_in(bench, file("T2", dispensing("1", "02"), created_at=SECOND))) == {"voided": 1}
    assert await kept(bench, STANDING) == [("1", "active", 10)]


async def test_r49_a_void_of_a_whole_transaction_may_overtake_it(bench: Bench) -> None:
    """What the transaction brings is withdrawn when it comes; what another one brought is not."""
    void = await hand_in(bench, write_void("4.2B", "T1", SECOND))
    assert void["voids_not_found"] == 1
    await hand_in(bench, file("T0", dispensing("0"), created_at=FIRST))
    assert became(await hand_in(bench, file("T1", dispensing("1"), dispensing("2"), created_at=FIRST))) == {"stored": 2}
    assert await kept(bench, STANDING) == [("0", "active", 10), ("1", "voided", 10), ("2", "voided", 10)]


async def test_r49_a_transaction_made_after_the_void_of_its_number_stands(bench: Bench) -> None:
    """The void was of one that failed; the number is used again for the corrected file."""
    await hand_in(bench, write_void("4.2B", "T1", FIRST))
    await hand_in(bench, file("T1", dispensing("1"), created_at=SECOND))
    assert await kept(bench, STANDING) == [("1", "active", 10)]


async def test_r49_a_whole_void_leaves_what_was_revised_since(bench: Bench) -> None:
    """The record's content came with another transaction by then."""
    await hand_in(bench, file("T1", dispensing("1"), dispensing("2"), created_at=FIRST))
    await hand_in(bench, file("T2", dispensing("2", "01", DSP10="20"), created_at=SECOND))
    assert (await hand_in(bench, write_void("4.2B", "T1", THIRD)))["voided"] == 1
    assert await kept(bench, STANDING) == [("1", "voided", 10), ("2", "active", 20)]


async def test_r49_a_whole_void_does_not_reach_what_a_newer_file_confirmed(bench: Bench) -> None:
    """It was made before the file that brought the record again."""
    await hand_in(bench, file("T1", dispensing("1"), created_at=FIRST))
    await hand_in(bench, file("T3", dispensing("1"), created_at=THIRD))
    await hand_in(bench, write_void("4.2B", "T1", SECOND))
    assert await kept(bench, STANDING) == [("1", "active", 10)]


async def test_r49_what_one_file_says_counts_in_its_order(bench: Bench) -> None:
    """Void, new and revise of one record in one file; the time is the same, the order decides."""
    await hand_in(bench, file("T1", dispensing("1"), created_at=FIRST))
    records = [dispensing("1", "02"), dispensing("1", DSP10="3"), dispensing("1", "01", DSP10="4"), dispensing("1")]
    report = await hand_in(bench, file("T2", *records, created_at=SECOND))
    assert became(report) == {"voided": 1, "stored": 1, "revised": 1, "duplicates": 1}
    assert await kept(bench, STANDING) == [("1", "active", 4)]


@pytest.mark.parametrize("made_at", ["20260615*235959", "20260615*9999", "20260615*"])
async def test_r49_a_clock_that_is_fast_does_not_block_later_files(bench: Bench, made_at: str) -> None:
    """A transaction is made now at the latest, and its sender is told; a time that cannot be read fails the file (F12)."""
    body = file("T1", dispensing("1"), created_at=FIRST).replace(b"20260615*080000", made_at.encode(), 1)
    report = await hand_in(bench, body)
    assert {fault["check"] for fault in report["faults"]} == {"F12"}
    if report["verdict"] == "accepted":
        await hand_in(bench, file("T2", dispensing("1", "01", DSP10="20"), created_at=bench.now))
        assert await kept(bench, STANDING) == [("1", "active", 20)]


async def test_f11_a_repeated_transaction_gets_its_report_from_the_store(bench: Bench) -> None:
    """Also a zero report and also days later; other senders may use the same number."""
    first = await hand_in(bench, file("T1", dispensing("1")))
    message = DispensationFileSubmitted(body=file("T1", dispensing("1")), file_name="again.dat")
    assert await bench.send(message, sender="gateway") == Done(first)
    other = await hand_in(bench, file("T1", dispensing("1")), sender="other")
    assert became(other) == {"duplicates": 1}
