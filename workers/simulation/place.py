"""Where the month is played: a folder, a virtual host and broker users of its own, gone afterwards."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import SecretStr

from workers.demo.place import own_settings
from workers.settings import Settings
from workers.simulation.model.book import ADMINISTRATORS, MANAGER, ON_CALL, REPORTS_TO, SPEAKS
from workers.simulation.said import SENDERS, Sender
from workers.topology.management import Management, vhost_of

POLICY: Mapping[str, object] = {
    "mails_per_recipient_hour": 10_000, "invite_unregistered": True, "alert_prescribers": 6, "alert_dispensers": 7,
    "alert_opioid_with_benzodiazepine": True, "alert_daily_mme": 90,
}  # fmt: skip
"""What this programme wants otherwise than by default: no mail is held back for its number, R5 and R29 are switched on."""


def month_settings(settings: Settings, folder: Path) -> Settings:
    """The settings of the month's site: everything in the folder, every notice switched on."""
    return own_settings(settings, folder).model_copy(
        update={
            "publishers": {user_of(sender): tuple(f"{one}.*" for one in SPEAKS[sender]) for sender in SENDERS},
            "submitters": {user_of(sender): addresses[0] for sender, addresses in REPORTS_TO.items()},
            "administrators": ADMINISTRATORS,
            "on_call": (ON_CALL,),
            "programme_manager": MANAGER,
            "audit_key": SecretStr(secrets.token_hex(16)),
            "programme": settings.programme.model_copy(update=POLICY),
        }
    )


def user_of(sender: str) -> str:
    """The broker user of a sender, of this process alone."""
    return f"{sender}-{os.getpid()}"


@asynccontextmanager
async def own_users(site: Settings) -> AsyncIterator[Mapping[Sender, str]]:
    """An address for each sender, with a broker user of its own, gone afterwards."""
    parts = urlsplit(site.amqp_url.get_secret_value())
    vhost = vhost_of(site.amqp_url.get_secret_value())
    management = Management(site.management_url.get_secret_value(), vhost)
    place = f"{parts.hostname}:{parts.port or 5672}"
    urls: dict[Sender, str] = {}
    try:
        for sender in SENDERS:
            user, word = user_of(sender), secrets.token_hex(16)
            await management.ask("PUT", f"users/{user}", body={"password": word, "tags": ""})
            rights = {"configure": "", "write": ".*", "read": ".*"}
            await management.ask("PUT", f"permissions/{quote(vhost, safe='')}/{user}", body=rights)
            urls[sender] = urlunsplit(parts._replace(netloc=f"{user}:{word}@{place}"))
        yield urls
    finally:
        for sender in SENDERS:
            await management.ask("DELETE", f"users/{user_of(sender)}", also_ok=(404,))
