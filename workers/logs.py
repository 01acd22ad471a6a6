"""One log event per outcome; only allow-listed fields pass, so that no value of a message ever does."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

ALLOWED = frozenset(
    "event level timestamp logger kind outcome messages message_id queue error where reason waiting relay sweep on notices "
    "outbox state role how finding".split()
)


def _allow_listed(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    dropped = [name for name in event if name not in ALLOWED]
    for name in dropped:
        del event[name]
    if dropped:
        event["reason"] = "fields not on the allow-list were dropped"
    return event


def configure(level: int = logging.INFO, *, to: TextIO | None = None) -> None:
    """Write JSON lines to standard error, or to the file that is given; each in one piece, as processes may share it."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _allow_listed,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(to or sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)  # it logs every lost connection with a traceback
    logging.getLogger("aio_pika").setLevel(logging.CRITICAL)


def places(error: BaseException) -> list[str]:
    """Name the places of a traceback, the innermost last; the error's own text may hold values and stays out."""
    found = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return found[-8:]
