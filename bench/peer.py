"""Dramatiq doing the same work: `python -m bench.peer fill|work`. One process, eight threads, its own defaults."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from bench.load import record_bodies
from bench.rows import keep, opened


def main(what: str) -> None:
    broker = RabbitmqBroker(url=os.environ["PMP_AMQP_URL"])
    dramatiq.set_broker(broker)
    connection = opened(Path(os.environ["PMP_STORE"]))
    turn = threading.Lock()  # one connection and a lock: SQLite's own waiting for the other threads is slower

    def record(message_id: str, body: str) -> None:
        with turn:
            keep(connection, message_id, body.encode())

    actor = dramatiq.actor(actor_name="record", queue_name="bench_dramatiq")(record)
    if what == "fill":
        for no, body in enumerate(record_bodies(int(os.environ["BENCH_RECORDS"]))):
            actor.send(f"bench-{no}", body.decode())
        return
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    worker = dramatiq.Worker(broker, worker_threads=8)
    worker.start()
    stopping.wait()
    worker.stop()


if __name__ == "__main__":
    main(sys.argv[1])
