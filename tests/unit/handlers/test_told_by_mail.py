"""A pharmacy that reads e-mail only learns what became of its file (F11)."""

from __future__ import annotations

from notifier.preview import Preview, preview_of
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.dispensing import dispensing, file, hand_in


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
    assert "R31" in seen.text
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
