"""Made-up load: records and files as gateways would send them, put into the queue before the clock runs.

Dispensed yesterday, so that nearly all are in time (R42), as in life: a late record is a warning each, and dearer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import unquote, urlsplit

import aio_pika

from handlers.rules.policy import Policy
from messages.asap.writer import Dispensing, write_transaction
from messages.codec import encode
from messages.dispensation import DispensationRecordSubmitted, Dispenser, Patient, Prescriber
from messages.envelope import ASAP, JSON
from workers.topology.plan import INBOUND

RECORD_KIND, FILE_KIND = "dispensation.record_submitted", "dispensation.file_submitted"
RECORD_QUEUE, FILE_QUEUE = "pmp.dispensation", "pmp.files"
SENT_HEADER = "bench_sent"
_IN_FLIGHT = 500
_ZONE: Final = Policy().zone


def dea_number(no: int) -> str:
    """Give the pharmacy's DEA number number ``no``, its check digit right."""
    digits = f"{no % 1_000_000:06d}"
    odd, even = sum(map(int, digits[0::2])), sum(map(int, digits[1::2]))
    return f"BX{digits}{(odd + 2 * even) % 10}"


def made_at(now: datetime) -> datetime:
    """Give when a file handed in now was made: a minute ago, in the programme's time as files have it (TH05, TH06)."""
    return now.astimezone(_ZONE) - timedelta(minutes=1)


def record_body(no: int, today: date) -> bytes:
    """Give one record in JSON, about 1 KB, like no other."""
    record = DispensationRecordSubmitted(
        dispenser=Dispenser(dea=dea_number(no % 2000), npi="1234567893", name="EXAMPLE PHARMACY OF THE OLD TOWN"),
        patient=Patient(
            last_name=f"Alder{no}", first_name="Robin", middle_name="Quinn", address=f"{no} Example Street",
            address_2="Building B, third floor, second door", city="Hartford", state="CT", zip="06103",
            phone="8605550100", date_of_birth=date(1980, 2, 14), gender="F", species="01", id_qualifier="06",
            id=f"{no:09d}", country="US",
        ),
        prescriber=Prescriber(
            npi="1234567893", dea="AS1234563", license_number="CT-0012345", last_name="Birch", first_name="Kim",
            phone="8605550101",
        ),
        prescription_number=f"RX{no:08d}", written_on=today - timedelta(days=4), refills_authorized=2,
        filled_on=today - timedelta(days=1), fill_number=0, product_id="00093005801", quantity=Decimal(30),
        days_supply=15, dosage_units="01", origin="05", payment_type="04", sold_on=today - timedelta(days=1),
    )  # fmt: skip
    return encode(record)[0]


def file_body(no: int, records: int, now: datetime) -> bytes:
    """Give one ASAP 4.2B file of one pharmacy, its records like no others."""
    made = made_at(now)
    written, filled, sold = (f"{made - timedelta(days=days):%Y%m%d}" for days in (4, 1, 1))
    fixed = {
        "PAT02": "06", "PAT08": "Robin", "PAT14": "Hartford", "PAT15": "CT", "PAT16": "06103", "PAT18": "19800214",
        "PAT19": "F", "PAT20": "01", "DSP01": "00", "DSP03": written, "DSP04": "2", "DSP05": filled, "DSP06": "00",
        "DSP07": "01", "DSP08": "00093005801", "DSP09": "30", "DSP10": "15", "DSP11": "01", "DSP12": "05",
        "DSP13": "00", "DSP16": "04", "DSP17": sold, "PRE01": "1234567893", "PRE02": "AS1234563", "PRE05": "Birch",
        "PRE06": "Kim", "AIR04": "06", "AIR05": "987654321", "AIR06": "01",
    }  # fmt: skip
    pharmacy = {"PHA01": "1234567893", "PHA03": dea_number(no), "PHA04": "EXAMPLE PHARMACY"}

    def dispensings() -> Iterable[Dispensing]:
        for place in range(records):
            yield Dispensing(
                fixed
                | {
                    "PAT03": f"{place:09d}",
                    "PAT07": f"Alder{place}",
                    "PAT12": f"{place} Example Street",
                    "DSP02": f"RX{no}-{place}",
                }
            )

    return write_transaction("4.2B", f"BENCH-{no}", made, [(pharmacy, dispensings())])


def record_bodies(number: int) -> list[bytes]:
    """Give that many records of today."""
    today = datetime.now(_ZONE).date()
    return [record_body(no, today) for no in range(number)]


def file_bodies(number: int, records_each: int) -> list[bytes]:
    """Give that many files of today."""
    now = datetime.now(UTC)
    return [file_body(no, records_each, now) for no in range(number)]


async def fill(amqp_url: str, kind: str, bodies: Iterable[bytes], *, asks: bool = False) -> None:
    """Every body is confirmed by the broker; ``asks`` has each want an answer, which is one more row to keep."""
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(INBOUND, ensure=False)
        pending: set[asyncio.Task[object]] = set()
        for no, body in enumerate(bodies):
            message = _message(kind, no, body, user(amqp_url), asks=asks)
            pending.add(asyncio.create_task(exchange.publish(message, kind)))
            if len(pending) >= _IN_FLIGHT:
                _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*pending)


async def trickle(amqp_url: str, bodies: Sequence[bytes], per_second: float, *, warm_up: int) -> None:
    """Records leave at an even pace, each with the moment it left; the first ones, which warm up, without."""
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(INBOUND, ensure=False)
        begun = time.monotonic()
        for no, body in enumerate(bodies):
            await asyncio.sleep(max(0.0, begun + no / per_second - time.monotonic()))
            message = _message(RECORD_KIND, no, body, user(amqp_url), asks=True)
            if no >= warm_up:
                message.headers[SENT_HEADER] = str(time.time_ns())
            await exchange.publish(message, RECORD_KIND)


def user(amqp_url: str) -> str:
    """Give the broker user of an address, who must be named among the publishers (R61)."""
    return unquote(urlsplit(amqp_url).username or "guest")


def _message(kind: str, no: int, body: bytes, sender: str, *, asks: bool) -> aio_pika.Message:
    return aio_pika.Message(
        body, message_id=f"bench-{kind}-{no}", type=kind, content_type=ASAP if kind == FILE_KIND else JSON,
        timestamp=datetime.now(UTC), app_id="bench", user_id=sender,
        reply_to="bench.answers" if asks else None, delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )  # fmt: skip
