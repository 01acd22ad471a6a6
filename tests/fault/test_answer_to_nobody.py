"""An answer that has no address is given up where an operator sees it, and holds up no other."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import aio_pika
import pytest
from pamqp.commands import Basic

from messages.codec import encode
from tests.fault.load import accounted
from tests.site import Site, example_ticket, until
from workers.topology.plan import INBOUND


class Bytes(str):
    """A text that goes to the line as these bytes, UTF-8 or not."""

    raw: bytes

    def __new__(cls, raw: bytes) -> Bytes:
        made = super().__new__(cls, raw.decode("latin-1"))
        made.raw = raw
        return made

    def encode(self, *_: str, **__: str) -> bytes:
        return self.raw


LONG = Bytes(b"\xe9" * 255)  # escaped it is longer than AMQP takes
GROWN = Bytes("é".encode() * 127 + b"\xff")  # escaped it has few letters, and too many bytes
OURS = "reply_to names a queue of the workers themselves"


async def published(site: Site, name: str, *, reply_to: str, message_id: str = "", correlation_id: str = "") -> None:
    """A ticket as a program writes it that knows no UTF-8."""
    body, content_type = encode(example_ticket(name))
    said = Basic.Properties(
        message_type="ticket.opened", content_type=content_type, message_id=message_id or f"m-{name}", reply_to=reply_to,
        correlation_id=correlation_id or None, user_id=next(iter(site.publishers)),
    )  # fmt: skip
    async with await aio_pika.connect(site.amqp_url) as connection, connection.channel() as channel:
        line = await channel.get_underlay_channel()
        await line.basic_publish(body, exchange=INBOUND, routing_key="ticket.opened", properties=said)


@pytest.mark.parametrize("what", [LONG, GROWN], ids=["no text at all", "one byte is wrong"])
async def test_a_name_that_is_no_utf8_ends_nothing(file_site: Site, what: str) -> None:
    """As ``reply_to`` it is nobody's, as ``message_id`` it stands in the answer's body alone; the next answer leaves."""
    await file_site.start("worker", "relay")
    async with await aio_pika.connect(file_site.amqp_url) as connection, connection.channel() as channel:
        mine = await channel.declare_queue("mine", exclusive=True)
        await published(file_site, "t1", reply_to=what)
        await published(file_site, "t2", reply_to="mine", message_id=what)
        await published(file_site, "t3", reply_to="mine", correlation_id=what)
        async with mine.iterator(timeout=30) as answers:
            came = [await anext(answers) for _ in range(2)]
    assert sorted(str(one.correlation_id) for one in came) == ["None", "m-t3"]
    await until(lambda: len(answered(file_site)) == 3, "every answer has ended")
    assert answered(file_site) == [
        ("refused", "reply_to is longer than AMQP has room for"),
        *[("sent", "confirmed")] * 2,
    ]
    assert len(file_site.logged("not_published")) == 1
    await accounted(file_site, 3)


async def test_no_answer_comes_back_into_a_lane(file_site: Site) -> None:
    """A ``reply_to`` that names a queue of ours, or one that RabbitMQ cannot read as its own, gets nothing."""
    await file_site.start("worker", "relay")
    for number, name in enumerate(["pmp.ticket", "pmp.dead", "pmp.inbound", "amq.rabbitmq.reply-to.nobody"]):
        await published(file_site, f"t{number}", reply_to=name)
    await until(lambda: len(answered(file_site)) == 4, "every answer has ended")
    assert answered(file_site) == [*[("refused", OURS)] * 3, ("sent", "confirmed")]
    assert file_site.counted.states() == {"done": 4}
    await accounted(file_site, 4)


async def test_an_event_that_cannot_be_written_to_the_line_holds_up_no_other(file_site: Site) -> None:
    """Whatever is wrong with a row, it is that row's end alone."""
    await file_site.start("worker")
    await published(file_site, "t1", reply_to="")
    await until(lambda: file_site.counted.states() == {"done": 1}, "it has its effect")
    with closing(sqlite3.connect(file_site.store, timeout=10)) as connection, connection:
        connection.execute(
            "INSERT INTO outbox (channel, name, destination, facts, state, attempts, created_at, due_at)"
            " SELECT channel, name, ?, facts, state, attempts, created_at, '2026' FROM outbox WHERE channel = 'event'",
            ("x" * 300,),
        )
    await file_site.start("relay")
    await until(
        lambda: file_site.counted.number("SELECT count(*) FROM outbox WHERE settled_at IS NULL") == 0, "none is due"
    )
    ended = file_site.counted.rows("SELECT state, reply FROM outbox WHERE channel = 'event' ORDER BY state")
    assert ended == [("refused", "it cannot be published: ValueError"), ("sent", "confirmed")]
    await accounted(file_site, 1)


def answered(site: Site) -> list[tuple[str, str]]:
    """How each answer that is no longer on its way has ended."""
    rows = site.counted.rows("SELECT state, reply FROM outbox WHERE channel = 'answer' AND settled_at IS NOT NULL")
    return sorted((state, reply) for state, reply in rows)
