"""No password and no link's secret stands in clear on the way or at rest: broker, store, dead letters, outbox, logs (R38)."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from handlers.rules.policy import Policy
from handlers.secrets import Vault
from handlers.work import Programme
from messages.account import (
    AccountEmailChangeConfirmed,
    AccountEmailChangeRequested,
    AccountLoginAttempted,
    AccountPasswordReset,
    AccountPasswordResetRequested,
    AccountPasswordSet,
)
from messages.answer import Answer
from messages.envelope import JSON
from messages.message import Message
from store.sqlite import open_sqlite
from tests.site import SEALING_KEY, Site, site_on, until
from tests.unit.handlers.bench import PASSWORD, Bench
from workers.client import Publisher, new_message_id
from workers.services.private import Say, private_node
from workers.services.rabbitmq import Broker

ROBIN, NEW_ADDRESS = "robin@example.org", "robin.lee@example.org"
WRONG, SET, RESET, OPEN = "Wrong-Horse-1", "Chosen-Horse-2", "Anew-Horse-3", "Open-Horse-4"
VAULT = Vault({"k1": base64.b64decode(SEALING_KEY)})


@pytest.fixture
def own_broker(say: Say) -> Iterator[Broker]:
    """A private node, whatever server the other tests have: its data folder is to be searched."""
    with private_node("private-rabbitmq", say) as node:
        yield Broker(node.facts["amqp"], node.facts["management"], node.how, node)


async def _data_folder(broker: Broker) -> Path:
    """Where the node keeps its data; its management API tells that a while after the start."""
    assert broker.management_url is not None
    scheme, _, rest = broker.management_url.partition("://")
    credentials, _, host = rest.rpartition("@")
    ask = Request(f"{scheme}://{host}/api/nodes")
    ask.add_header("Authorization", f"Basic {base64.b64encode(credentials.encode()).decode()}")

    def told() -> str:
        with urlopen(ask, timeout=10) as answer:
            return str(json.load(answer)[0].get("db_dir", ""))

    await until(lambda: bool(told()), "the node tells its data folder", seconds=60)
    return Path(told())


def _holding(folder: Path, needle: str, *, but: str = "no-such-suffix") -> list[str]:
    """The files below a folder that hold the text."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != but]
    return [path.name for path in files if needle.encode() in path.read_bytes()]


class Portal:
    """Seals and sends, as a portal does."""

    def __init__(self, publisher: Publisher) -> None:
        self.publisher = publisher
        self.message_id = ""

    def seal(self, secret: str) -> str:
        """The secret for the next message."""
        self.message_id = self.message_id or new_message_id()
        return VAULT.sealing_key.seal(secret, message_id=self.message_id)

    async def ask(self, message: Message) -> Answer:
        """The answer to the message that was sealed for."""
        message_id, self.message_id = self.message_id or new_message_id(), ""
        return await self.publisher.ask(message, message_id=message_id, timeout_seconds=30)


async def _open_account(site: Site) -> None:
    store = await open_sqlite(site.folder / "pmp.db")
    await store.migrate()
    programme = Programme(Policy(), VAULT, ("a@example.org", "b@example.org"))
    await Bench(store, programme, now=datetime.now(UTC)).open_account()
    await store.close()


async def _link(site: Site, page: str) -> tuple[str, str]:
    """The id and the secret of the link that was mailed last."""
    shape = re.compile(rf"/{page}/([0-9a-f]+)#([\w-]+)")

    def found() -> list[tuple[str, str]]:
        texts = []
        for path in (site.folder / "mail").glob("*.eml"):
            body = email.message_from_bytes(path.read_bytes(), policy=email.policy.default).get_body(("plain",))
            texts.append(body.get_content() if body is not None else "")
        return shape.findall("\n".join(texts))

    await until(lambda: bool(found()), f"a link to {page} is mailed")
    return found()[-1]


async def test_r38_no_secret_stands_in_clear(own_broker: Broker, tmp_path: Path) -> None:
    """A right and a wrong password, a new one, a reset, a new address, and one that a portal forgot to seal."""
    url = own_broker.amqp_url
    site = await site_on(own_broker, url, tmp_path).declared()
    await _open_account(site)
    await site.start()
    try:
        async with Publisher(url, app_id="portal") as publisher:
            secrets = await _journey(site, Portal(publisher))
        data = await _data_folder(own_broker)
    finally:
        await site.stop_all()
    await asyncio.to_thread(own_broker.stop)  # the files stand still while they are searched
    assert _holding(data, ROBIN), "the search finds what is there: messages do pass through these files"
    assert _holding(site.folder, ROBIN, but=".eml")
    for secret in secrets:
        assert _holding(data, secret) == []
        assert _holding(site.folder, secret, but=".eml") == []
    assert _holding(site.folder, OPEN) == [], "what came in clear is not kept"


async def _journey(site: Site, portal: Portal) -> list[str]:
    for password, heard in ((PASSWORD, ("accepted", None)), (WRONG, ("refused", "wrong"))):
        sealed = portal.seal(password)
        answer = await portal.ask(AccountLoginAttempted(address=ROBIN, password=sealed))
        assert (answer.status, answer.code) == heard
    answers = [await portal.ask(AccountPasswordSet(account_id="REG-1", password=portal.seal(SET)))]
    answers.append(await portal.ask(AccountPasswordResetRequested(address=ROBIN)))
    reset_id, reset_secret = await _link(site, "reset")
    token, password = portal.seal(reset_secret), portal.seal(RESET)
    answers.append(await portal.ask(AccountPasswordReset(reset_id=reset_id, token=token, password=password)))
    answers.append(await portal.ask(AccountEmailChangeRequested(account_id="REG-1", new_email=NEW_ADDRESS)))
    change_id, change_secret = await _link(site, "confirm-address")
    token = portal.seal(change_secret)
    answers.append(await portal.ask(AccountEmailChangeConfirmed(change_id=change_id, token=token)))
    assert [one.status for one in answers] == ["accepted"] * 5
    body = json.dumps({"account_id": "REG-1", "password": OPEN}).encode()
    failed = await portal.publisher.ask_body(
        "account.password_set", body, content_type=JSON, message_id="open", timeout_seconds=30
    )
    assert (failed.status, failed.code, failed.field) == ("failed", "invalid", "password")
    return [PASSWORD, WRONG, SET, RESET, reset_secret, change_secret]
