"""The files that are measured are as good as real ones: no check has a word to say (F12)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bench.load import file_body
from bench.state import state_file
from handlers.reading import read_file
from handlers.rules.policy import Policy


@pytest.mark.parametrize("make", [file_body, state_file])
@pytest.mark.parametrize("hour", [3, 15])
def test_f12_a_file_made_now_has_no_fault(make: Callable[[int, int, datetime], bytes], hour: int) -> None:
    """By day, and in the evening, when it is tomorrow in UTC."""
    now = datetime(2026, 6, 16, hour, tzinfo=UTC)
    report = read_file(make(7, 20, now), now, Policy()).report
    assert (report.faults, report.pharmacies[0].valid) == ((), 20)
