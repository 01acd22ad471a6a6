"""A pharmacy that reads e-mail only learns what became of its file (F11, F14, R47)."""

from __future__ import annotations

from notifier.preview import Preview, preview_of
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.dispensing import as_test, dispensing, file, hand_in


def last(bench: Bench) -> Preview:
    """The last e-mail as its reader sees it."""
    return preview_of(bench.written[-1])


async def test_f14_the_counts_of_a_test_file_add_up(bench: Bench) -> None:
    """Total is what was checked and not stored, and what is in error; no line says stored."""
    await hand_in(bench, as_test(file("T1", dispensing("1"), dispensing("2", DSP09="none"))))
    seen = last(bench)
    lines = [line.strip() for line in seen.text.splitlines()]
    assert [
        line.rpartition(" ")[::2] for line in map(" ".join, map(str.split, lines)) if line.endswith((" 1", " 2"))
    ] == [
        ("Records in total", "2"),
        ("Checked, not stored", "1"),
        ("With errors", "1"),
    ]
    assert "Checked, not stored" in seen.html
    assert "Stored" not in seen.text + seen.html
    await hand_in(bench, file("T1", dispensing("1")))
    assert "Stored   " in last(bench).text
    assert "not stored" not in last(bench).text + last(bench).html


async def test_f11_another_file_under_a_used_number_is_told_of(bench: Bench) -> None:
    """That nothing of it was stored, and what to do; the same file sent again is silent."""
    await hand_in(bench, file("T1", dispensing("1")))
    await hand_in(bench, file("T1", dispensing("1")))
    assert bench.told == []
    report = await hand_in(bench, file("T1", dispensing("1"), dispensing("2")))
    assert report["verdict"] == "failed"
    assert bench.told == [("submission.failed", "files@example.org")]
    text = " ".join(last(bench).text.split())
    assert "No record of it was stored" in text
    assert "F11, TH02: TH02 (Transaction Control Number): used before for another submission. Nothing" in text
