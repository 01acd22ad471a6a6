"""Event loop: what a process runs on, and how little its start weighs on it."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator

import pytest

from workers.event_loop import new_loop, run, spare_collector


@pytest.fixture
def collector() -> Iterator[None]:
    """The collector is afterwards as it was."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_a_process_runs_on_the_quick_loop_where_it_is_installed() -> None:
    """The main coroutine is run to its end."""
    seen = []

    async def main() -> None:
        seen.append(type(asyncio.get_running_loop()).__module__)

    run(main())
    assert seen == ["uvloop"]


def test_a_process_runs_without_the_quick_loop_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is an extra."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert new_loop() is None


@pytest.mark.usefixtures("collector")
def test_the_collector_leaves_alone_what_start_up_made() -> None:
    """And it searches seldom."""
    spare_collector()
    assert gc.get_freeze_count() > 1000
    assert gc.get_threshold()[0] == 10_000
