"""Every migration is applied once, whoever applies it, and the next start finds nothing to do."""

from __future__ import annotations

import asyncio

from store.statements import migrations
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
