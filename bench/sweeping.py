"""`python -m bench.sweeping fill|password_expiry|credential_expiry`: a million accounts, and one daily sweep over them.

Passwords last 90 days and credentials two years, both evenly spread, so a day has about 100,000 notices of passwords, and
some thousands of credentials that lapse soon or have lapsed. A sweep's process says in JSON what it took.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sqlite3
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from handlers.sweeps.sweep import sweeps
from store.sqlite import open_sqlite
from workers.bootstrap import now, programme_of
from workers.scheduler import Scheduler
from workers.settings import load_settings

_NUMBERED = "WITH RECURSIVE numbered(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbered WHERE n < :accounts) "
_ROWS = (
    "INSERT INTO accounts (account_id, email, email_key, role, state, first_name, last_name, password_hash, "
    "password_set_on, password_expires_on, approved_at) "
    + _NUMBERED
    + "SELECT 'A' || n, 'p' || n || '@example.org', 'p' || n || '@example.org', 'Physician (MD/DO)', 'active', 'Robin', 'Alder', "
    "'', date(:today, (n % 90 - 89) || ' days'), date(:today, (n % 90 + 1) || ' days'), :today || 'T00:00:00.000000Z' "
    "FROM numbered",
    "INSERT INTO credentials (credential, number_key, status, lapses_on, as_of, holder_name, holder_email, "
    "holder_email_key, npi, seq) "
    + _NUMBERED
    + "SELECT 'csp', 'CSP' || n, 'active', date(:today, (n % 730) || ' days'), :today, 'Robin Alder', '', '', '', 0 "
    "FROM numbered",
    "INSERT INTO held_credentials (account_id, credential, number_key) "
    + _NUMBERED
    + "SELECT 'A' || n, 'csp', 'CSP' || n FROM numbered",
)


def fill(path: Path, accounts: int) -> None:
    """So many accounts with a password and a credential each."""
    today = datetime.now(UTC).date().isoformat()
    with sqlite3.connect(path) as connection:
        for statement in _ROWS:
            connection.execute(statement, {"accounts": accounts, "today": today})
    connection.close()


async def swept(name: str, path: Path) -> dict[str, float]:
    """Run one sweep for today; return its seconds, its notices, and by how much the process grew meanwhile."""
    store = await open_sqlite(path)
    try:
        programme = programme_of(load_settings(store=str(path)))
        before = _peak_mib()
        begun = time.perf_counter()
        notices = await Scheduler(store, programme, now, "bench").run_sweep(sweeps()[name], now().date())
        seconds = time.perf_counter() - begun
    finally:
        await store.close()
    return {"seconds": seconds, "notices": notices or 0, "grew_mib": _peak_mib() - before, "peak_mib": _peak_mib()}


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(what: str) -> None:
    path = Path(os.environ["PMP_STORE"])
    if what == "fill":
        fill(path, int(os.environ["BENCH_ACCOUNTS"]))
    else:
        print(json.dumps(asyncio.run(swept(what, path))))


if __name__ == "__main__":
    main(sys.argv[1])
