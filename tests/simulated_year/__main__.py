"""A bigger year by hand: ``python -m tests.simulated_year --patients 2000 --prescribers 300 [--postgres [URL]] [--seed N]``.

Ends with the number of digests that were the model's, or with the first day that was not.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
import time
from pathlib import Path

from store.contract import Store
from store.postgres import open_postgres
from store.sqlite import open_sqlite
from tests.servers import fresh_database
from tests.simulated_year.story import Story
from tests.simulated_year.year import Year
from workers import logs
from workers.services.postgres import postgres_server

FOUND = "found"


async def live(patients: int, prescribers: int, seed: int, postgres: str) -> None:
    """The year is lived, and made anew from its records."""
    with tempfile.TemporaryDirectory() as folder:
        store: Store = await (open_postgres(postgres) if postgres else open_sqlite(Path(folder) / "pmp.db"))
        try:
            await store.migrate()
            year = Year(store, Story(patients, prescribers, seed))
            began = time.monotonic()
            await year.live()
            lived = time.monotonic()
            before = await year.standing()
            assert await year.rebuild() == before
            print(
                f"{year.digests} digests and {year.model.missed().total()} missed reviews as the model says, in"
                f" {lived - began:.0f} s; {len(before['patient_records'])} records made anew in"
                f" {time.monotonic() - lived:.1f} s, every row the same."
            )
            print(", ".join(f"{what} {seconds:.1f} s" for what, seconds in sorted(year.seconds.items())))
        finally:
            await store.close()


def main(patients: int, prescribers: int, seed: int, postgres: str) -> None:
    """On SQLite, in the database named, or in one of a server found as tests find theirs."""
    if postgres != FOUND:
        asyncio.run(live(patients, prescribers, seed, postgres))
        return
    with postgres_server(print) as server, fresh_database(server.url) as url:
        asyncio.run(live(patients, prescribers, seed, url))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.simulated_year", description=__doc__)
    parser.add_argument("--patients", type=int, default=2000)
    parser.add_argument("--prescribers", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--postgres", nargs="?", const=FOUND, default="",
        help="an empty database's URL, or none: a server is found as for tests; a SQLite file when left out",
    )  # fmt: skip
    given = parser.parse_args()
    logs.configure(logging.ERROR)
    main(given.patients, given.prescribers, given.seed, given.postgres)
