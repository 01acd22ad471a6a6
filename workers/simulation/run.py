"""The whole of it: a place, a stage, the month, and what it comes to."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

from handlers.rules.drugs import read_drugs
from store import drugs
from store.contract import Store
from workers import demo
from workers.demo.place import emptied, own_vhost
from workers.services.private import Say
from workers.settings import Settings, load_settings
from workers.simulation.checks import Result, judge
from workers.simulation.place import month_settings, own_users
from workers.simulation.play import play
from workers.simulation.stage import stage
from workers.simulation.story import tell
from workers.up import prepared, with_broker

FOLDER = Path(".local/simulation")
DRUGS = Path(demo.__file__).with_name("drugs.csv")


async def simulate(
    say: Say, *, days: int = 31, seed: int = 20_251_028, settings: Settings | None = None, folder: Path = FOLDER
) -> Result:
    """Play so many days and lay what is left beside the model.

    Args:
        say: told what happens.
        days: how many days of the month.
        seed: everything made up follows from it.
        settings: those of the environment by default; store, mail folder and virtual host are the month's own.
        folder: where everything is kept; emptied first.
    """
    await asyncio.to_thread(emptied, folder)
    script, cast = tell(days, seed)
    say(f"Seed {seed}: {len(script.lines)} messages in {days} days; everything stays to be looked at in {folder}.")
    async with AsyncExitStack() as stack:
        placed = await stack.enter_async_context(with_broker(settings or load_settings(), say))
        own = await stack.enter_async_context(own_vhost(month_settings(placed, folder)))
        site = await stack.enter_async_context(prepared(own, say, local=folder))
        urls = await stack.enter_async_context(own_users(site))
        scene = await stack.enter_async_context(stage(site, urls, script.in_order()[0][0]))
        await _load_drugs(scene.store, scene.clock.now)
        played = await play(scene, script, say)
        return await judge(scene, played, script)


async def _load_drugs(store: Store, now: datetime) -> None:
    with DRUGS.open(encoding="utf-8", newline="") as lines:
        entries = list(read_drugs(lines, {}))
    await store.write(lambda tx: drugs.put_all(tx, entries, now=now))
