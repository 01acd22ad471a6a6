"""A line of the log reaches a file or a pipe in one piece: several processes may write to the same one."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from workers import logs


class Pieces(io.RawIOBase):
    """Keeps what the system would be handed, call by call."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        self.written.append(bytes(piece))  # type: ignore[call-overload]
        return len(self.written[-1])


@pytest.fixture
def unconfigured() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("unconfigured")
def test_each_line_is_written_at_once() -> None:
    """Unbuffered, as PYTHONUNBUFFERED lets it be in a container, text and line end used to be two writes."""
    pieces = Pieces()
    logs.configure(to=io.TextIOWrapper(pieces, write_through=True))  # type: ignore[type-var]
    log = structlog.get_logger("pmp.test")
    log.info("settled", outcome="done")
    log.warning("store_away", reason="locked")
    assert [json.loads(piece)["event"] for piece in pieces.written] == ["settled", "store_away"]
    assert all(piece.endswith(b"}\n") for piece in pieces.written)
