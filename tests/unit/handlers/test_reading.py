"""What a file becomes before its transaction: runs in columns, small enough for fifty thousand records."""

from __future__ import annotations

from handlers.reading import read_file
from handlers.rules.policy import Policy
from tests.unit.handlers.bench import NOW
from tests.unit.handlers.dispensing import dispensing, file


def test_what_follows_one_another_of_one_status_is_a_run() -> None:
    """Its columns are of one length, and each record's segment is known."""
    read = read_file(
        file("T-1", dispensing("1"), dispensing("2"), dispensing("3", "02"), dispensing("4")), NOW, Policy()
    )

    numbers = [[content.prescription_number for content in run.contents] for run in read.runs]
    assert numbers == [["1", "2"], ["3"], ["4"]]
    assert [run.status for run in read.runs] == ["new", "void", "new"]
    assert [list(run.lines) for run in read.runs] == [[5, 8], [11], [14]]
    assert all(len(run.details) == len(run.contents) for run in read.runs)


def test_a_text_that_records_share_is_kept_once() -> None:
    """First names, ZIP codes, kinds of payment and days repeat: together they are a third of a large file's memory."""
    (run,) = read_file(file("T-1", dispensing("1"), dispensing("2")), NOW, Policy()).runs

    one, other = run.contents
    assert one.patient_first_name is other.patient_first_name
    assert one.patient_zip is other.patient_zip
    assert one.payment_type is other.payment_type
    assert run.details[0] is run.details[1]
