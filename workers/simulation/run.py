"""The whole of it: a place, a stage, the month, and what it comes to."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from handlers.patients import key_of
from handlers.rules.drugs import read_drugs
from messages.errors import BrokerAway, Misconfigured
from store import audit, drugs, overview, treatments
from store.contract import Store, Transaction
from store.every_row import Tables, every_row
from store.own_database import own_database
from workers import demo
from workers.bootstrap import management_of
from workers.demo.place import own_vhost
from workers.services.postgres import postgres_server
from workers.services.private import Say
from workers.settings import Settings
from workers.simulation.checks import Check
from workers.simulation.judge import FULL_DAYS, every_kind, judge
from workers.simulation.place import month_settings, own_users
from workers.simulation.play import Played, play
from workers.simulation.search import Places, search
from workers.simulation.stage import Stage, stage
from workers.simulation.story import tell
from workers.simulation.story.cast import Cast
from workers.up import prepared, started, with_broker

FOLDER = Path(".local/simulation")
DRUGS = Path(demo.__file__).with_name("drugs.csv")
STRENGTHS = (
    ("000930058", "tramadol", "50"), ("004060512", "oxycodone", "5"), ("634810623", "oxymorphone", "10"),
    ("999010003", "codeine", "10"),
)  # fmt: skip
"""Milligrams in a unit of the month's opioids (R29)."""
SEED = 20_251_028


@dataclass(frozen=True, slots=True)
class Result:
    """What the month came to."""

    played: Played
    tables: Tables
    checks: tuple[Check, ...]

    @property
    def is_clean(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)


async def simulate(
    settings: Settings, say: Say, *, log: Path, days: int = 31, seed: int = SEED, postgres: bool = False
) -> Result:
    """Play so many days and lay what is left beside the model.

    Args:
        settings: of any site; store, mail folder, virtual host and broker users are the month's own.
        say: told what happens.
        log: where this process writes its log: searched at the end. Everything else is kept in the same folder.
        days: how many days of the month.
        seed: everything made up follows from it.
        postgres: the store is a PostgreSQL's database, of the month's own and gone afterwards; else a file in the folder.
    """
    script, cast = tell(days, seed)
    ids = {one.last_name: key_of(one.named) for one in cast.patients}
    kept = "e-mails and log stay" if postgres else "everything stays"
    say(f"Seed {seed}: {len(script.lines)} messages in {days} days; {kept} to be looked at in {log.parent}.")
    async with AsyncExitStack() as stack:
        placed = await stack.enter_async_context(with_broker(settings, say))
        own = await stack.enter_async_context(own_vhost(month_settings(placed, log.parent)))
        if postgres:
            url = await stack.enter_async_context(_own_postgres(say))
            own = own.model_copy(update={"store": SecretStr(url)})
        site = await stack.enter_async_context(prepared(own, say, local=log.parent))
        urls = await stack.enter_async_context(own_users(site))
        scene = await stack.enter_async_context(stage(site, urls, script.in_order()[0][0], ids))
        await _load_drugs(scene.store, scene.clock.now)
        played = await play(scene, script)
        say("The month is over: it is laid beside the model.")
        return await _judged(scene, played, cast, days=days, log=log)


@asynccontextmanager
async def _own_postgres(say: Say) -> AsyncIterator[str]:
    """A database on the PostgreSQL that is found, or on one started for this block."""
    with ExitStack() as stack:
        server = await started(stack, postgres_server(say))
        async with own_database(server.url, f"pmp_simulation_{os.getpid()}") as url:
            yield url


async def _judged(scene: Stage, played: Played, cast: Cast, *, days: int, log: Path) -> Result:
    site, store = scene.site, scene.store
    where = site.store.get_secret_value()
    tables = await every_row(where)
    checks = judge(tables, played)
    checks += [every_kind(tables)] if days >= FULL_DAYS else []
    checks += [await _conservation(store, len(played.said)), await _trail(store, site.audit_key_bytes())]
    listing = json.dumps(await store.read(_listing), default=str)
    await asyncio.to_thread(scene.mailbox.read)
    files = () if where.startswith("postgres") else tuple(Path(where).parent.glob(f"{Path(where).name}*"))
    places = Places(tables, files, site.mail_folder, log, listing, await _broker_folder(site))
    checks += await asyncio.to_thread(search, places, cast, played.said, scene.mailbox.secrets)
    return Result(played, tables, tuple(checks))


async def _conservation(store: Store, published: int) -> Check:
    found = await store.read(overview.reconcile)
    against = [f"{one.rule}: {one.count}" for one in found.offences]
    against += [] if found.sums_agree else ["the sums do not agree"]
    against += [] if found.taken == published else [f"{published} published, {found.taken} taken"]
    return Check("R50", "messages each in exactly one place (pmp reconcile)", found.taken, tuple(against))


async def _trail(store: Store, key: bytes) -> Check:
    async def unit(tx: Transaction) -> audit.Verified:
        return [found async for found in audit.verify(tx, key=key)][-1]

    found = await store.read(unit)
    against = [f"chain {one.chain}, place {one.place}: {one.what}" for one in found.breaks]
    return Check("R60", "rows of the audit trail that fit (pmp audit verify)", found.rows, tuple(against))


async def _listing(tx: Transaction) -> Counter[str]:
    rows = await tx.rows("dead_letters.grouped")
    return Counter({f"{row['kind']} {row['code']} {row['text']}": int(row["number"]) for row in rows})


async def _broker_folder(site: Settings) -> Path | None:
    """The broker's data folder, when it is on this machine."""
    management = management_of(site)
    if management is None:
        return None
    try:
        nodes = json.loads(await management.ask("GET", "nodes"))
    except (BrokerAway, Misconfigured):
        return None
    folder = Path(nodes[0]["db_dir"])
    return folder if await asyncio.to_thread(folder.is_dir) else None


async def _load_drugs(store: Store, now: datetime) -> None:
    lines = (await asyncio.to_thread(DRUGS.read_text, encoding="utf-8")).splitlines()
    entries = list(read_drugs(lines, {}))
    await store.write(lambda tx: drugs.put_all(tx, entries, now=now))
    await store.write(lambda tx: treatments.put_strengths(tx, STRENGTHS))
