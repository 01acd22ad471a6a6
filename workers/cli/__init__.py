"""The command ``pmp``: what an operator types. One module per group of commands, loaded when one of them is called."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping, Sequence
from types import MappingProxyType

COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "up": ("processes:up", "Start everything with one command, a private RabbitMQ too when none is set."),
        "demo": ("processes:demo", "Play one day of a small state, and show that nothing was lost."),
        "simulate": (
            "simulate:simulate",
            "Play a month of a small state, and lay it beside a slow model of the rules.",
        ),
        "run": ("processes:run", "Run all roles of a site in this process."),
        "worker": ("processes:worker", "Run the role that consumes messages."),
        "relay": ("processes:relay", "Run the role that sends e-mails, events and answers."),
        "scheduler": ("processes:scheduler", "Run the role that starts each sweep at its hour."),
        "migrate": ("processes:migrate", "Bring the store's tables up to date."),
        "sweep": ("sweeping:sweep", "Run one sweep for a date."),
        "rebuild": ("rebuild:app", "Make what follows the records anew from the records."),
        "strengths": ("strengths:strengths", "Load how much of an opioid is in a unit of a drug."),
        "check": ("sending:check", "Check an ASAP file as the workers would; needs no broker and no store."),
        "submit": ("sending:submit", "Hand in ASAP files and show each report."),
        "publish": ("sending:publish", "Publish one message from a file."),
        "kinds": ("kinds:app", "List the kinds of messages; show one's properties, schema and sample."),
        "status": ("looking:status", "Show what stands where, and since when."),
        "trace": ("looking:trace", "Tell one message's whole story."),
        "reconcile": ("looking:reconcile", "Prove that every message is in exactly one place."),
        "audit": ("auditing:app", "Verify the audit trail; show what was done to a record, or by whom."),
        "alerts": ("alerts:app", "List alerts that users posted about patients, and read one."),
        "dead-letters": ("letters:app", "List, show, replay or discard what could not be processed."),
        "outbox": ("leaving:app", "List what leaves; release or discard what did not."),
        "mail": ("mails:app", "Read the e-mails in the mail folder; look at every notice there is."),
        "submissions": ("submissions:app", "List what gateways handed in, and see each report."),
        "drugs": ("drugs:app", "Load, list or look up the drugs that must be reported."),
        "doctor": ("broker:doctor", "Say in words what is wrong with the broker."),
        "topology": ("broker:topology_app", "Show or declare queues, exchanges and policies."),
        "publishers": ("publishers:app", "Show who may publish what, also as RabbitMQ's permissions."),
        "settings": ("site:settings", "List every setting: its value, where that comes from, its meaning."),
        "keys": ("keys:app", "Make, list and rotate the keys to which portals seal secrets."),
        "roles": ("roles:roles", "List every role: what it must show, who approves it, what it may do."),
    }
)
"""Every command: where it stands, and what it does. Help and loading both read this."""

EXITS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        0: ("good", ""),
        1: ("the input is at fault: a file with errors, a number that is not open, a fault on the broker", "mend that"),
        2: ("usage", "mend the call"),
        69: ("a service is away, or the outcome is not known", "the same again, later"),
        70: (
            "a fault of the program itself, or a message was handled for longer than a process waits",
            "report it; start a process again",
        ),
        78: (
            "a setting is wrong, or what it points to (a damaged store, a PostgreSQL that does not let us in)",
            "mend the site",
        ),
        130: ("broken off with Ctrl-C; what runs until then ends with 0", ""),
        141: ("who read the output has gone (| head)", ""),
    }
)
"""Every exit code: what it means, and what to do. The README's table says the same."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. The overview is written without loading anything: it is asked for most."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given in ([], ["--help"], ["-h"]):
        sys.stdout.write(_overview())
        return 0
    from workers.cli.app import call

    return call(given)


def _overview() -> str:
    lines = [_folded(name, 14, told) for name, (_, told) in COMMANDS.items()]
    return "\n".join(
        [
            "Usage: pmp COMMAND [OPTIONS]",
            "",
            "The workers behind a prescription monitoring programme.",
            "",
            *lines,
            "",
            "`pmp COMMAND --help` tells more. What lists or shows takes --json.",
            "",
            "Exit codes:",
            *(_folded(str(code), 5, meaning + (f" → {act}" if act else "")) for code, (meaning, act) in EXITS.items()),
            "",
        ]
    )


def _folded(name: str, width: int, told: str) -> str:
    """Return a line of a list, folded between words as a terminal of 80 columns shows it best."""
    return textwrap.fill(told, 80, initial_indent=f"  {name:<{width}}", subsequent_indent=" " * (width + 2))
