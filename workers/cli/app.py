"""The commands as one application; the one place where an error becomes an exit code and a sentence."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Sequence
from importlib import metadata

from cyclopts import App, CycloptsError, Parameter

from messages.errors import Misconfigured, PmpError, Transient
from store.contract import Conflict
from workers.cli import COMMANDS
from workers.cli.presenting import clean
from workers.logs import places

GOOD, AT_FAULT, USAGE, AWAY, CONFIGURATION = 0, 1, 2, 69, 78
BUG = 70
"""EX_SOFTWARE: nobody foresaw it; a process that stands still ends so too (workers/watchdog.py)."""
READER_GONE = 141
"""What a shell says of any program whose reader has gone: 128 and SIGPIPE."""
EVERYTHING = 1 << 62
"""Behind every number there is."""


class WrongUse(PmpError):
    """The options do not go together; nothing was done."""


def call(argv: Sequence[str]) -> int:
    """Run the command and return its exit code; of what nobody foresaw, its kind and places are told, and no value."""
    try:
        return _called(argv)
    except Exception as error:  # noqa: BLE001 - a bug of ours, which must not look like a fault of the input
        told = (
            f"pmp: This is a fault of the program itself, {type(error).__name__}; please report it with these places:"
        )
        sys.stderr.write("\n  ".join([told, *places(error)]) + "\n")
        return BUG


def _called(argv: Sequence[str]) -> int:
    """Run the command and return its exit code; an error of ours is one sentence on standard error."""
    app = _app()
    try:
        result = app(list(argv), exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough; what is left in the buffer must not be tried again at the end
        if not _has_reader_gone():
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except CycloptsError as error:
        sys.stderr.write(f"pmp: {clean(error)}\n")
        return USAGE
    except PmpError as error:
        sys.stderr.write(f"pmp: {clean(error)}\n")
        return exit_code(error)
    return result if isinstance(result, int) else GOOD


def _has_reader_gone() -> bool:
    """Tell whether nobody reads our output any more: a pipe may break elsewhere, on the way to a server."""
    looking = select.poll()
    for fileno in {sys.stdout.fileno(), sys.stderr.fileno()}:
        looking.register(fileno, 0)
    return any(seen & select.POLLERR for _, seen in looking.poll(0))


def exit_code(error: PmpError) -> int:
    """Map an error to the code that tells a script what to do: mend the input, the call, the site, or wait."""
    match error:
        case WrongUse():
            return USAGE
        case Transient() | Conflict():
            return AWAY
        case Misconfigured():
            return CONFIGURATION
        case _:
            return AT_FAULT


def _app() -> App:
    app = App(
        name="pmp", version=_version, suppress_keyboard_interrupt=True, help_format="plaintext",
        default_parameter=Parameter(show_default=_worth_telling, validator=_can_be_written),
    )  # fmt: skip
    for name, (place, told) in COMMANDS.items():
        app.command(f"workers.cli.{place}", name=name, help=told)
    return app


def _worth_telling(default: object) -> object:
    """Give a default that says something; that nothing is set, a flag is off or no number is the limit goes without saying."""
    return None if default is False or default in ("", (), EVERYTHING) else default


def _can_be_written(_: object, value: object) -> None:
    """Refuse bytes that are no UTF-8: neither store nor broker takes them. A file's name may have any."""
    if isinstance(value, str) and value.encode("utf-8", "replace").decode() != value:
        raise ValueError("It is no UTF-8.")


def _version() -> str:
    return metadata.version("pmp")
