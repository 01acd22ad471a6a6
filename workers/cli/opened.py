"""What commands open before they do anything: the settings with quiet logs, the store as it stands, the broker's address."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from messages.errors import Misconfigured
from workers.cli.presenting import hint

if TYPE_CHECKING:
    from store.contract import Store
    from workers.settings import Settings

AsJson = Annotated[bool, Parameter(name="--json", negative="", help="One JSON document on standard output.")]
DryRun = Annotated[bool, Parameter(negative="", help="Only say what would be done.")]


def site_settings(*, level: int = logging.WARNING) -> Settings:
    """Return the settings; from now on logs go to standard error."""
    from workers import logs
    from workers.settings import load_settings

    logs.configure(level)
    return load_settings()


def warn(settings: Settings) -> None:
    """What is set by mistake, or allowed and hardly meant, is on standard error."""
    from workers.cautions import cautions
    from workers.setting_sources import strange
    from workers.settings import described

    for sentence in (*strange(one.name for one in described(settings)), *cautions(settings)):
        hint(f"warning: {sentence}")


@asynccontextmanager
async def standing_store(settings: Settings) -> AsyncIterator[Store]:
    """Open a store that stands already; looking at one never makes one.

    Raises:
        Misconfigured: there is no such store yet.
    """
    from store import overview
    from store.contract import is_postgres
    from workers.bootstrap import open_store

    where = settings.store.get_secret_value()
    if not is_postgres(where) and not Path(where).is_file():  # noqa: ASYNC240 - one look, before anything runs
        raise Misconfigured("The store does not exist yet: see PMP_STORE, or make it with `pmp migrate`.")
    async with open_store(settings) as store:
        if not await store.read(overview.is_ready):
            raise Misconfigured("The store has no tables yet: `pmp migrate` makes them.")
        yield store


def broker_url(settings: Settings) -> str:
    """Return the broker's address.

    Raises:
        Misconfigured: none is set.
    """
    url = settings.amqp_url.get_secret_value()
    if not url:
        raise Misconfigured("No broker is set (PMP_AMQP_URL); `pmp up` starts a private one.")
    return url
