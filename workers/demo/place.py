"""Where the demo plays: a folder, a store and a virtual host of its own, so that nobody else's messages are touched."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import SecretStr

from workers.demo.day import ADMINISTRATOR
from workers.settings import Settings
from workers.topology.management import Management

LEASE_SECONDS, DEFER_SECONDS, DRAIN_SECONDS = 8, 1, 10
"""Short, so that what a killed process held and what waits for a registration is seen to go on within the demo."""


def emptied(folder: Path) -> None:
    """The folder is there and empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)


def own_settings(settings: Settings, folder: Path) -> Settings:
    """The settings with store, e-mails and sealing key in the demo's folder."""
    return settings.model_copy(
        update={
            "store": SecretStr(str(folder / "pmp.db")),
            "transport": "folder",
            "mail_folder": folder / "mail",
            "lease_seconds": float(LEASE_SECONDS),
            "drain_seconds": float(DRAIN_SECONDS),
            "sealing_keys": {},
            "publishers": {urlsplit(settings.amqp_url.get_secret_value()).username or "guest": ("*",)},
            "administrators": (ADMINISTRATOR,),
        }
    )


def variables(site: Settings) -> dict[str, str]:
    """What the worker processes are told, so that they work at this site."""
    keys = {key_id: key.get_secret_value() for key_id, key in site.sealing_keys.items()}
    return {
        "PMP_AMQP_URL": site.amqp_url.get_secret_value(),
        "PMP_MANAGEMENT_URL": site.management_url.get_secret_value(),
        "PMP_STORE": site.store.get_secret_value(),
        "PMP_TRANSPORT": site.transport,
        "PMP_MAIL_FOLDER": str(site.mail_folder),
        "PMP_SEALING_KEYS": json.dumps(keys),
        "PMP_PUBLISHERS": json.dumps(site.publishers),
        "PMP_ADMINISTRATORS": json.dumps(site.administrators),
        "PMP_LEASE_SECONDS": str(site.lease_seconds),
        "PMP_DRAIN_SECONDS": str(site.drain_seconds),
        "PMP_PROGRAMME__MAILS_PER_RECIPIENT_HOUR": "10000",  # a day of the demo takes a minute
        "PMP_PROGRAMME__DEFER_SECONDS": str(DEFER_SECONDS),
    }


@asynccontextmanager
async def own_vhost(settings: Settings) -> AsyncIterator[Settings]:
    """The settings with a virtual host of the demo's own, gone afterwards: nobody else's messages are touched."""
    parts = urlsplit(settings.amqp_url.get_secret_value())
    name = f"pmp-demo-{os.getpid()}"
    management = Management(settings.management_url.get_secret_value(), name)
    rights = {"configure": ".*", "write": ".*", "read": ".*"}
    await management.ask("PUT", f"vhosts/{name}", body={})
    try:
        await management.ask("PUT", f"permissions/{name}/{quote(parts.username or 'guest', safe='')}", body=rights)
        yield settings.model_copy(update={"amqp_url": SecretStr(urlunsplit(parts._replace(path=f"/{name}")))})
    finally:
        await management.ask("DELETE", f"vhosts/{name}", also_ok=(404,))
