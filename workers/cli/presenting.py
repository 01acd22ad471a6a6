"""What stands in the store, in words that are read at three in the morning, and as JSON for programs."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from store.contract import as_text

if TYPE_CHECKING:
    from rich.console import RenderableType


_PIPE_WIDTH = 10_000


def age(since: datetime | None, now: datetime) -> str:
    """Say how long ago in the largest unit that fits: ``4 min``; a dash when there is nothing."""
    if since is None:
        return "–"
    return span(now - since)


def span(length: timedelta) -> str:
    """Say how long: ``40 s``, ``4 min``, ``3 h 20 min``, ``12 days``; what lies ahead begins with ``in``."""
    seconds = int(length.total_seconds())
    if seconds < 0:
        return f"in {span(-length)}"
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86_400:
        hours, minutes = divmod(seconds // 60, 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days = seconds // 86_400
    return f"{days} day{'s' if days > 1 else ''}"


def moment(text: str) -> str:
    """Say when, as the store writes it (UTC), to the second: ``2026-11-24 15:59:42 UTC``; a date stays one."""
    return f"{text[:10]} {text[11:19].rstrip('Z')} UTC" if len(text) > 10 else text


def counted(number: int, thing: str) -> str:
    """Say how many: ``1 attempt``, ``2 attempts``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def clean(text: object) -> str:
    """Make text safe for a terminal: no control character of a message ever reaches it."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "�" for sign in str(text))


def print_json(document: object) -> None:
    """Exactly one JSON document stands on standard output."""
    sys.stdout.write(json.dumps(document, default=_as_json, ensure_ascii=True, indent=2) + "\n")


def _as_json(value: object) -> object:
    if isinstance(value, datetime):
        return as_text(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(type(value).__name__)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "none") -> None:
    """A table is on standard output, or one line that says there is nothing."""
    from rich.table import Column, Table
    from rich.text import Text

    listed = [[Text(clean(cell)) for cell in row] for row in rows]
    if not listed:
        say(f"{title}: {empty}")
        return
    # Folded, never cut: half an address or half a number is of no use, and nothing on the screen can be copied from a "…".
    folded = [Column(name, overflow="fold") for name in columns]
    table = Table(*folded, title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for row in listed:
        table.add_row(*row)
    _print(table)


def say(line: str = "") -> None:
    """A line is on standard output."""
    sys.stdout.write(clean(line) + "\n")


def say_folded(line: str, *, indent: str = "") -> None:
    """A line is on standard output, folded between words where a terminal is narrower; what follows is indented."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPE_WIDTH
    below = indent or "    "
    for part in textwrap.wrap(
        clean(line), width, initial_indent=indent, subsequent_indent=below, break_on_hyphens=False
    ):
        sys.stdout.write(part + "\n")


def hint(line: str) -> None:
    """A line is on standard error, where it is in nobody's way."""
    sys.stderr.write(clean(line) + "\n")


def pointer(line: str) -> None:
    """A person at a terminal sees on standard error what to do next; a script, a file or a pipe does not."""
    if sys.stderr.isatty():
        hint(f"→ {line}")


def _print(what: RenderableType) -> None:
    from rich.console import Console

    if sys.stdout.isatty():
        Console(file=sys.stdout, highlight=False).print(what)
        return
    # Into a pipe a table is as wide as it must be: grep and awk see whole lines.
    console = Console(file=sys.stdout, width=_PIPE_WIDTH, highlight=False)
    with console.capture() as written:
        console.print(what)
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in written.get().splitlines())
