"""``python -m bench``: a table of medians and ratios, all from one run on a RabbitMQ of its own."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import aio_pika
import structlog

from bench import figures
from bench.day import day
from bench.figures import Row, Size
from bench.growth import growth
from bench.load import FILE_QUEUE, RECORD_QUEUE
from bench.stage import Stage
from messages.registry import families
from workers.services.rabbitmq import Broker, private_rabbitmq
from workers.topology.declare import declare
from workers.topology.management import Management, vhost_of
from workers.topology.plan import plan

Figure = Callable[[Stage, Size], Awaitable[list[Row]]]
FIGURES: Mapping[str, Figure] = {
    "records": figures.records,
    "files": figures.files,
    "latency": figures.latency,
    "memory": figures.memory,
    "sweeps": figures.sweeps,
    "day": day,
    "growth": growth,
}
LONG = frozenset({"day", "growth"})
QUICK = Size(
    records=4_000, files=24, seconds=5, big_file_records=10_000, rounds=1, growth_rows=800_000, accounts=100_000,
    day_records=16_400, day_files=200,
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, one round: does it work?")
    parser.add_argument("--growth", action="store_true", help="also fill a store to 10 million rows (minutes, 10 GB)")
    parser.add_argument("--growth-rows", type=int, help="fill it to that many instead")
    parser.add_argument("--growth-at", metavar="STORE", help="go on filling this file or database, and leave it there")
    parser.add_argument("--only", choices=FIGURES, action="append", help="this figure alone; may be repeated")
    parser.add_argument("--rounds", type=int, help="how often each figure is measured; the table shows medians")
    parser.add_argument("--projected", action="store_true", help="files: the scheduler with the projection runs beside")
    asked = parser.parse_args()
    names = asked.only or [name for name in FIGURES if name not in LONG or (name == "growth" and asked.growth)]
    size = QUICK if asked.quick else Size()
    size = replace(
        size,
        rounds=asked.rounds or size.rounds,
        projected=asked.projected,
        growth_rows=asked.growth_rows or size.growth_rows,
        growth_at=asked.growth_at or "",
    )
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians of {size.rounds} round(s)")
    with private_rabbitmq(print) as broker, tempfile.TemporaryDirectory(prefix="pmp-bench-") as folder:
        asyncio.run(_measured(broker, Path(folder), names, size))


async def _measured(broker: Broker, folder: Path, names: list[str], size: Size) -> None:
    management = Management(broker.management_url, vhost_of(broker.amqp_url)) if broker.management_url else None
    await declare(broker.amqp_url, management, plan(families()))
    stage = Stage(broker.amqp_url, broker.management_url or "", folder)
    for name in names:
        await _purged(broker.amqp_url)
        for what, figure, beside in await FIGURES[name](stage, size):
            print(f"{what:<62} {figure:>14}  {beside}", flush=True)


async def _purged(amqp_url: str) -> None:
    """No figure finds what the one before left, after a failure for example."""
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel()
        for queue in (RECORD_QUEUE, FILE_QUEUE):
            await (await channel.get_queue(queue)).purge()


if __name__ == "__main__":
    main()
