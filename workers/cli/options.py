"""Options that several commands have, each held to what makes sense before anything is opened or sent."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Annotated

from cyclopts import Parameter, validators

from messages.envelope import MESSAGE_ID_BYTES_MAX
from workers.cli.app import EVERYTHING, WrongUse

POSITIVE = validators.Number(gte=1, lte=EVERYTHING)
"""A number of things, or of one thing in the store."""
UP_TO_A_DAY = validators.Number(gt=0, lte=86_400)
"""Seconds in which a person still waits; no number of the kind that is none (nan, inf)."""


def _fits_the_wire(_: object, message_id: str) -> None:
    if (size := len(message_id.encode("utf-8", "surrogateescape"))) > MESSAGE_ID_BYTES_MAX:
        raise ValueError(f"It has {size} bytes in UTF-8; AMQP takes {MESSAGE_ID_BYTES_MAX}.")
    if not message_id.isprintable():
        raise ValueError("It has signs that cannot be printed.")


Most = Annotated[
    int, Parameter(name=("--most", "--limit"), help="At most so many, the newest.", validator=POSITIVE)
]  # fmt: skip
Seconds = Annotated[
    float, Parameter(name="--timeout-seconds", help="How long to wait for the answer.", validator=UP_TO_A_DAY)
]
MessageId = Annotated[
    str,
    Parameter(help="The message's own id; give the same one to send again after a doubt.", validator=_fits_the_wire),
]


def moment_of(text: str, zone: tzinfo, *, option: str) -> datetime:
    """Return the moment that an option names, in UTC: a day is its beginning, and without a zone it is the programme's.

    Raises:
        WrongUse: it is neither a day nor a moment.
    """
    try:
        given = datetime.fromisoformat(text)
        # As UTC: a moment so near to the calendar's ends that it has none there is no moment.
        return (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongUse(
            f"{option} takes a day or a moment, as 2026-11-24, 2026-11-24T08:00 (the programme's time) or 2026-11-24T13:00Z."
        ) from None
