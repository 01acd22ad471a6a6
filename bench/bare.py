"""The bare loop: aio-pika, one commit and one acknowledgement per message, nothing else. Ends at SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import aio_pika

from bench.clock import Latencies
from bench.load import RECORD_QUEUE
from bench.rows import keep, opened


async def main() -> None:
    latencies = Latencies.from_environment()
    connection = opened(Path(os.environ["PMP_STORE"]))
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    amqp = await aio_pika.connect(os.environ["PMP_AMQP_URL"])
    channel = await amqp.channel(publisher_confirms=False)
    await channel.set_qos(prefetch_count=500)
    queue = await channel.get_queue(RECORD_QUEUE)

    async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        # sqlite3 in the loop's own thread: faster than aiosqlite, which hops into its thread per statement
        keep(connection, message.message_id or "", message.body)
        await message.ack()

    await queue.consume(take)
    await stopping.wait()
    await amqp.close()
    latencies.write()


if __name__ == "__main__":
    asyncio.run(main())
