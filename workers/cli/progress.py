"""How far long work is: a bar on standard error, there only while a person looks on, gone when the work ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, or nothing at all where nobody would see one."""

    _shown: tuple[Progress, TaskID] | None = None

    def advance(self) -> None:
        """One more is done."""
        if self._shown is not None:
            progress, task = self._shown
            progress.advance(task)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """The bar is out of the way: lines may be written to the same terminal."""
        if self._shown is None:
            yield
            return
        progress, _ = self._shown
        progress.stop()
        try:
            yield
        finally:
            progress.start()


@contextmanager
def progress_bar(doing: str, total: int | None = None, *, quiet: bool = False) -> Iterator[Bar]:
    """Show how far the work in the block is; without a total, only that and how long it goes on.

    Never with ``--json`` (``quiet``), and never into a file or a pipe.
    """
    if quiet or not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    counted = [] if total is None else [BarColumn(), MofNCompleteColumn()]
    progress = Progress(
        SpinnerColumn("line"), TextColumn("{task.description}"), *counted, TimeElapsedColumn(),
        console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False,
    )  # fmt: skip
    with progress:
        yield Bar((progress, progress.add_task(doing, total=total)))
