"""A row that makes RabbitMQ close the channel is found and given up; what was published beside it leaves all the same."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import aio_pika
import pytest

from messages.errors import BrokerAway
from store import outbox
from store.outbox import Leased, Staged
from tests.site import Counted, site_on
from tests.stores import sqlite_store
from workers.relay import publish
from workers.relay.publish import PublishRelay
from workers.services.rabbitmq import Broker

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)


async def test_a_message_that_the_broker_refuses_ends_alone(
    rabbitmq: Broker, amqp_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too large for it, as a rule; here it names another user. Its turn is due again, row by row, and then as ever."""
    await site_on(rabbitmq, amqp_url, tmp_path).declared()
    message_of = publish._message

    def refused(leased: Leased) -> aio_pika.Message:
        message = message_of(leased)
        message.user_id = "somebody" if leased.name == "bad" else None
        return message

    monkeypatch.setattr(publish, "_message", refused)
    names = [*["good"] * 5, "bad", *["good"] * 5]
    async with sqlite_store(tmp_path / "pmp.db") as store:
        await store.write(lambda tx: outbox.stage_all(tx, [Staged("event", name, "a.b", {}) for name in names], NOW))
        relay = PublishRelay(store, amqp_url, lambda: NOW, leased_by="one", lease_seconds=60)
        try:
            with pytest.raises(BrokerAway):
                await relay.turn()
            turns = []
            while found := await relay.turn():
                turns.append(found)
            await store.write(lambda tx: outbox.stage_all(tx, [Staged("event", "good", "a.b", {})] * 3, NOW))
            assert await relay.turn() == 3
        finally:
            await relay.close()
    assert set(turns) == {1}
    ended = Counted(tmp_path / "pmp.db").rows(
        "SELECT name, state, reply FROM outbox WHERE name = 'bad' OR state <> 'sent'"
    )
    assert ended == [("bad", "refused", "RabbitMQ refuses it")]
