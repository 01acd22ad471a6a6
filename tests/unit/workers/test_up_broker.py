"""What is said when a broker that was started for ``pmp up`` takes its queues with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from messages.errors import BrokerAway
from workers import up
from workers.depths import Depth
from workers.services.private import Say
from workers.services.rabbitmq import Broker
from workers.settings import Settings


@pytest.mark.parametrize(
    ("keeps", "depths", "said"),
    [
        (False, (Depth("pmp.ticket", 2, 0), Depth("pmp.files", 1, 0), Depth("pmp.dead", None, None)), ["3 messages"]),
        (False, (Depth("pmp.ticket", 0, 0),), []),
        (True, (Depth("pmp.ticket", 2, 0),), []),
        (False, BrokerAway("It does not answer."), []),
    ],
)
async def test_what_goes_with_a_broker_is_told(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    keeps: bool,
    depths: tuple[Depth, ...] | BrokerAway,
    said: list[str],
) -> None:
    """How many messages, before it ends; nothing where none are, or where the next run finds them."""
    told: list[str] = []

    @contextmanager
    def private_rabbitmq(say: Say, *, kept: Path | None) -> Iterator[Broker]:
        assert kept == tmp_path
        yield Broker("amqp://guest:guest@127.0.0.1/", None, "a container", keeps=keeps)
        told.append("ended")

    async def seen(_: Settings) -> tuple[Depth, ...]:
        if isinstance(depths, BrokerAway):
            raise depths
        return depths

    monkeypatch.delenv("PMP_AMQP_URL", raising=False)
    monkeypatch.setattr(up, "private_rabbitmq", private_rabbitmq)
    monkeypatch.setattr(up, "depths", seen)
    async with up.with_broker(Settings(), told.append, kept=tmp_path):
        assert told == []
    assert told[-1] == "ended"
    assert [wanted in line for wanted, line in zip(said, told, strict=False)] == [True] * (len(told) - 1)
