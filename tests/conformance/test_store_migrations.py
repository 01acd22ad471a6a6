"""Every migration is applied once, whoever applies it, and the next start finds nothing to do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date

import pytest

from store import dispensers, sqlite
from store.contract import Transaction
from store.dispensers import Behind
from store.statements import Engine, migrations
from tests.conformance.conftest import OpenStore
from tests.conformance.examples import letter, take


async def test_each_migration_is_applied_once_in_order(open_store: OpenStore) -> None:
    """The first call names all of them; the second has nothing to do and what was kept stays."""
    store = await open_store()
    assert list(await store.migrate()) == [name for name, _ in migrations("sqlite")]
    await take(store, letter())
    assert list(await store.migrate()) == []
    assert await take(store, letter()) == {}


async def test_two_processes_that_start_at_once_migrate_once(open_store: OpenStore) -> None:
    """Together they apply each migration exactly once, and both can work afterwards."""
    stores = await asyncio.gather(open_store(), open_store())
    applied = await asyncio.gather(*(store.migrate() for store in stores))
    assert sorted(name for names in applied for name in names) == [name for name, _ in migrations("sqlite")]
    for number, store in enumerate(stores):
        assert len(await take(store, letter(f"m{number}"))) == 1


_BEFORE_0012 = """
INSERT INTO dispensers (dispenser, name, kind, facility, dea, npi, ncpdp, contact_email, submitters, state, registered_on,
    covered_to, last_report_on, closed_on, seq)
SELECT known.dispenser, 'EXAMPLE', 'pharmacy', '', '', '', '', 'a@example.org', '[]', known.state, '2020-01-01',
    known.covered_to, '', known.closed_on, 1
FROM (SELECT 'behind' AS dispenser, 'active' AS state, '2026-06-01' AS covered_to, CAST(NULL AS TEXT) AS closed_on
    UNION ALL SELECT 'closed behind', 'closed', '2026-06-01', '2026-06-05'
    UNION ALL SELECT 'closes later', 'closed', '2026-06-01', '2999-06-05'
    UNION ALL SELECT 'closed in time', 'closed', '2026-06-07', '2026-06-05'
    UNION ALL SELECT 'was exempt', 'active', '2026-06-01', NULL
    UNION ALL SELECT 'will be exempt', 'active', '2026-06-01', NULL
    UNION ALL SELECT 'exemption taken back', 'active', '2026-06-01', NULL) AS known;
INSERT INTO dispenser_exemptions (dispenser, reason, from_on, to_on, seq)
SELECT given.dispenser, 'sample', given.from_on, given.to_on, 2
FROM (SELECT 'was exempt' AS dispenser, '2026-06-05' AS from_on, '2026-06-09' AS to_on
    UNION ALL SELECT 'was exempt', '2026-06-03', '2026-06-04'
    UNION ALL SELECT 'will be exempt', '2999-06-05', '9999-12-31'
    UNION ALL SELECT 'exemption taken back', '2026-06-05', '2026-06-02') AS given;
"""


async def test_0012_forgives_what_was_forgiven(open_store: OpenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is expected of who has closed, and an exemption that had begun covered what lay before it (R42, R43)."""
    store = await open_store()
    engine: Engine = "sqlite" if isinstance(store, sqlite.SqliteStore) else "postgres"
    before = [one for one in migrations(engine) if one[0] < "0012"]
    with monkeypatch.context() as patch:
        patch.setattr(f"store.{engine}.migrations", lambda _: [*before, ("rows", _BEFORE_0012)])
        await store.migrate()
    assert list(await store.migrate()) == [name for name, _ in migrations(engine) if name >= "0012"]

    async def unit(tx: Transaction) -> list[Sequence[Behind]]:
        return [page async for page in dispensers.behind(tx, "pharmacy", covered_to=date(2026, 6, 30))]

    found = {one.dispenser: one for page in await store.read(unit) for one in page}
    first, exempt = date(2026, 6, 1), (date(2026, 6, 5), date(2026, 6, 9))
    assert {name: one.covered_to for name, one in found.items()} == {
        "behind": first, "will be exempt": first, "exemption taken back": first, "was exempt": exempt[0]
    }  # fmt: skip
    assert exempt in found["was exempt"].exemptions
