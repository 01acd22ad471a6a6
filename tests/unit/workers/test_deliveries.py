"""The line is cut as AMQP says, wherever the network cut it before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiormq import SSLContextProvider
from aiormq.abc import SSLCerts
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands as spec
from pamqp.body import ContentBody
from pamqp.frame import FrameTypes, marshal
from pamqp.header import ContentHeader
from pamqp.heartbeat import Heartbeat
from yarl import URL

from tests.mail_sink import certificate
from workers.broker import to_envelope
from workers.deliveries import Delivered, Line, Tapped, properties_of

HEARTBEAT = Heartbeat().marshal()
SENT = spec.Basic.Properties(
    message_id="m1", message_type="ticket.opened", content_type="application/json", user_id="portal", app_id="app",
    reply_to="answers", correlation_id="c1", delivery_mode=2, headers={"file_name": "a.dat", "deep": {"n": 1}},
    timestamp=datetime(2026, 3, 1, 12, tzinfo=UTC),
)  # fmt: skip


def delivery(tag: int, *bodies: bytes, channel: int = 1, redelivered: bool = False) -> bytes:
    """Give the frames of one delivery."""
    deliver = spec.Basic.Deliver("pmp", tag, redelivered, "pmp.inbound", "ticket.opened")
    header = ContentHeader(0, sum(map(len, bodies)), SENT)
    frames: list[FrameTypes] = [deliver, header, *map(ContentBody, bodies)]
    return b"".join(marshal(frame, channel) for frame in frames)


async def cut(chunks: Iterable[bytes]) -> tuple[list[Delivered], bytes]:
    """Feed the chunks up to the end; return what was taken, and what is left for aiormq."""
    taken: list[Delivered] = []
    line = Line(taken.append, limit=2**16, loop=asyncio.get_running_loop())
    for chunk in chunks:
        line.feed_data(chunk)
    line.feed_eof()
    return taken, await line.read()


@pytest.mark.parametrize("chunk_bytes", [1, 2, 7, 8, 9, 61, 1000, 100_000])
async def test_where_the_network_cuts_does_not_matter(chunk_bytes: int) -> None:
    """Deliveries come whole and in order, with one body, several or none; other frames stay, also those in between."""
    blocked, qos = marshal(spec.Connection.Blocked("alarm"), 0), marshal(spec.Basic.QosOk(), 2)
    second = delivery(2, b"a" * 600, b"b" * 600, b"c")
    middle = len(delivery(2)) + len(marshal(ContentBody(b"a" * 600), 1))
    sent = qos + delivery(1, b"{}") + blocked + second[:middle] + qos + second[middle:] + delivery(3, redelivered=True)
    taken, left = await cut(sent[at : at + chunk_bytes] for at in range(0, len(sent), chunk_bytes))
    assert [(one.tag, one.redelivered, one.routing_key) for one in taken] == [
        (1, False, "ticket.opened"), (2, False, "ticket.opened"), (3, True, "ticket.opened"),
    ]  # fmt: skip
    assert [one.body for one in taken] == [b"{}", b"a" * 600 + b"b" * 600 + b"c", b""]
    assert left.replace(HEARTBEAT, b"") == qos + blocked + qos


async def test_a_frame_of_many_chunks_is_put_together_once() -> None:
    """A broker without a limit of frames sends a file in one; joined anew for each chunk it would take this minutes."""
    body = bytes(15 * 2**20)
    sent = delivery(1, body)
    begun = time.process_time()
    taken, left = await cut(sent[at : at + 512] for at in range(0, len(sent), 512))
    assert time.process_time() - begun < 5
    assert ([one.body == body for one in taken], left) == ([True], HEARTBEAT)


async def test_aiormq_hears_that_a_line_full_of_deliveries_lives() -> None:
    """It counts frames to know; it gets a heartbeat in their place, once a second and not for each."""
    taken, left = await cut([delivery(tag, b"{}") for tag in range(100)])
    assert (len(taken), left) == (100, HEARTBEAT)


async def test_a_delivery_that_the_broker_breaks_off_is_none() -> None:
    """The frame that came instead, the channel's end, goes on to aiormq."""
    half = delivery(1, b"{}", b"{}")[: -len(marshal(ContentBody(b"{}"), 1))]
    close = marshal(spec.Channel.Close(406, "no", 0, 0), 1)
    assert await cut([half + close]) == ([], close)


@pytest.mark.parametrize(
    "broken", [b"AMQP\x00\x00\x09\x01", marshal(spec.Basic.QosOk(), 1)[:-1] + b"\x00", b"\x09" * 20]
)
async def test_what_is_no_frame_is_for_aiormq_to_judge(broken: bytes) -> None:
    """From there on everything is passed on as it came."""
    taken, left = await cut([delivery(1, b"{}"), broken, delivery(2, b"{}")])
    assert [one.tag for one in taken] == [1]
    assert left == HEARTBEAT + broken + delivery(2, b"{}")


async def test_half_a_frame_at_the_end_is_passed_on() -> None:
    """So aiormq sees a line that broke in mid-frame."""
    taken, left = await cut([delivery(1, b"{}")[:-3]])
    assert taken == []
    assert left.endswith(marshal(ContentBody(b"{}"), 1)[:-3])


short_texts = st.text(max_size=20)
texts = dict.fromkeys(
    [
        "message_id",
        "message_type",
        "content_type",
        "content_encoding",
        "correlation_id",
        "reply_to",
        "app_id",
        "user_id",
    ],
    short_texts,
)
moments = st.integers(0, 2**31).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
values = short_texts | st.booleans() | st.integers(-(2**31), 2**31 - 1)
properties = st.builds(
    spec.Basic.Properties, delivery_mode=st.sampled_from([None, 1, 2]), priority=st.none() | st.integers(0, 255),
    timestamp=st.none() | moments, headers=st.none() | st.dictionaries(short_texts, values, max_size=4), **texts,
)  # fmt: skip


@given(properties)
def test_properties_are_read_as_pamqp_reads_them(said: spec.Basic.Properties) -> None:
    """Whichever were sent."""
    wire = ContentHeader(0, 0, said).marshal()
    expected = ContentHeader()
    expected.unmarshal(wire)
    named = {"message_type": "type"}
    known = {named.get(name, name): value for name, value in expected.properties if value is not None}
    assert {name: value for name, value in properties_of(wire[12:]).items() if value} == {
        name: value for name, value in known.items() if value
    }


@given(st.binary(max_size=80))
def test_no_bytes_of_a_sender_stop_the_line(wire: bytes) -> None:
    """Text that is none, moments out of all calendars, tables of unknown types, an end too early: a message it still is."""
    assert to_envelope(Delivered(1, False, "a.b", properties_of(wire), b"{}")).body == b"{}"


def test_an_envelope_says_what_amqp_said() -> None:
    """Property by property; a moment in milliseconds is one in seconds; what is no text is none."""
    envelope = to_envelope(Delivered(1, False, "key", properties_of(ContentHeader(0, 2, SENT).marshal()[12:]), b"{}"))
    assert (envelope.message_id, envelope.kind, envelope.sender, envelope.app_id) == (
        "m1",
        "ticket.opened",
        "portal",
        "app",
    )
    assert (envelope.reply_to, envelope.correlation_id, envelope.file_name) == ("answers", "c1", "a.dat")
    assert envelope.sent_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    milliseconds = b"\x00\x40" + int(envelope.sent_at.timestamp() * 1000).to_bytes(8, "big")
    assert properties_of(milliseconds) == {"timestamp": envelope.sent_at}
    assert properties_of(b"\x00\x40" + b"\xff" * 8) == {"timestamp": None}
    assert properties_of(b"\x80\x00\x02\xff\xfe") == {"content_type": r"\xff\xfe"}
    assert properties_of(b"\x20\x80\x00\x00\x00\x03\x01a?\x02m1") == {"headers": {}, "message_id": "m1"}


def test_ids_that_are_no_utf8_stay_two() -> None:
    """Also those that differ in their last byte: taken for one message, the second would have no effect."""
    ids = [b"\xe9" * 254 + last for last in (b"\xe9", b"\xe8")]
    wires = [b"\x00\x80" + bytes([len(one)]) + one for one in ids]
    first, second = (to_envelope(Delivered(1, False, "a.b", properties_of(wire), b"{}")).message_id for wire in wires)
    assert first.startswith(r"\xe9\xe9")
    assert first != second


def test_tables_in_tables_without_end_stop_no_line() -> None:
    """As deep as a header frame has room for; the message is known all the same, and ends where it belongs."""
    table = b""
    for _ in range(15_000):
        table = b"\x01aF" + len(table).to_bytes(4, "big") + table
    wire = b"\x20\x80" + len(table).to_bytes(4, "big") + table + b"\x02m1"
    assert properties_of(wire) == {"headers": {}, "message_id": "m1"}


@pytest.mark.parametrize("scheme", ["amqp", "amqps"])
async def test_the_line_comes_by_tcp_and_by_tls(scheme: str, tmp_path: Path) -> None:
    """With the certificates that aiormq was told; what we write goes the other way."""
    file, context = certificate(tmp_path)
    written = asyncio.Queue[bytes]()

    async def broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        written.put_nowait(await reader.readexactly(len(HEARTBEAT)))
        writer.write(delivery(1, b"{}") + marshal(spec.Basic.QosOk(), 1))
        writer.close()

    taken: list[Delivered] = []
    provider = SSLContextProvider(
        ssl_context=None,
        ssl_certs=SSLCerts(None, None, None, str(file), None, verify=True),
        loop=asyncio.get_running_loop(),
    )
    async with await asyncio.start_server(broker, "127.0.0.1", ssl=context if scheme == "amqps" else None) as server:
        url = URL.build(scheme=scheme, host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        reader, writer = await Tapped(taken.append).create(url, ssl_context_provider=provider)
        writer.write(HEARTBEAT)
        assert await reader.read() == marshal(spec.Basic.QosOk(), 1)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    assert (taken[0].body, await written.get()) == (b"{}", HEARTBEAT)
