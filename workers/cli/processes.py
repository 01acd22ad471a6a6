"""Commands that run: everything at once, one role, the demo, the migrations."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from workers.cli.opened import AsJson, broker_url, site_settings, warn
from workers.cli.presenting import hint, print_json, say
from workers.cli.progress import progress_bar

if TYPE_CHECKING:
    from workers.bootstrap import Role


async def up() -> None:
    """Start everything, a private RabbitMQ too when PMP_AMQP_URL is not set; Ctrl-C ends it."""
    settings = site_settings(level=logging.INFO)
    warn(settings)
    from workers.up import up as start

    await start(settings, say)


async def demo() -> int:
    """Play one day of a small state through real processes, and show that nothing was lost or doubled."""
    settings = site_settings()
    from workers.demo import run_demo

    return await run_demo(say, settings=settings)


def run() -> None:
    """Run all roles until SIGTERM, then finish what was taken."""
    from workers.bootstrap import ROLES

    _run(*ROLES)


def worker() -> None:
    """Consume messages until SIGTERM, then finish what was taken."""
    _run("worker")


def relay() -> None:
    """Send e-mails, events and answers, and give waiting messages their turn, until SIGTERM."""
    _run("relay")


def scheduler() -> None:
    """Start each sweep at its local hour, once per day on whichever machine is first, until SIGTERM."""
    _run("scheduler")


async def migrate(*, json: AsJson = False) -> None:
    """Bring the store's tables up to date; harmless when they are."""
    settings = site_settings()
    from workers.bootstrap import open_store

    async with open_store(settings) as store:
        with progress_bar("Bringing the tables up to date", quiet=json):
            applied = list(await store.migrate())
    if json:
        print_json({"applied": applied})
    else:
        say(f"Applied: {', '.join(applied)}." if applied else "The store is up to date.")


def _run(*roles: Role) -> None:
    settings = site_settings(level=logging.INFO)
    if "scheduler" not in roles or len(roles) > 1:  # the scheduler alone needs no broker
        broker_url(settings)
    warn(settings)
    from workers.bootstrap import run as run_roles
    from workers.event_loop import run as run_to_end
    from workers.event_loop import spare_collector

    def ready() -> None:
        spare_collector()
        hint(f"Ready: {', '.join(roles)}.")

    run_to_end(run_roles(settings, roles, on_ready=ready))
