"""A portal that forgets to seal a password leaves no trace of it (R38)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handlers.rules.policy import Policy
from handlers.secrets import Vault, new_private_key
from handlers.work import Programme
from messages.codec import Limits
from messages.envelope import Envelope
from store.sqlite import open_sqlite
from tests.site import Counted
from workers.process import Delivery, Processor

SECRET = "Forgotten-Horse-7"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"account_id": "REG-1", "password": SECRET}),
        json.dumps({"account_id": "REG-1", "password": SECRET})[:-1],
        json.dumps({"address": "robin@example.org", "password": SECRET, "token": SECRET}),
    ],
    ids=["not sealed", "cut short", "not of its kind"],
)
async def test_r38_an_open_password_is_refused_and_not_kept(
    tmp_path: Path, body: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The message is a dead letter with everything but the secret; answer, store files and log are free of it."""
    store = await open_sqlite(tmp_path / "pmp.db")
    await store.migrate()
    programme = Programme(Policy(), Vault({"k1": new_private_key()}), ("administrators@example.org",))
    with ThreadPoolExecutor(1) as threads:
        processor = Processor(store, programme, lambda: datetime(2026, 11, 24, tzinfo=UTC), threads, Limits())
        letter = Envelope("m1", "account.password_set", "portal", body.encode(), reply_to="answers")
        await processor.process([Delivery(letter)])
    counted = Counted(tmp_path / "pmp.db")
    assert len(counted.dead()) == 1
    assert b"not sealed" in counted.rows("SELECT body FROM dead_letters")[0][0]
    for file in tmp_path.iterdir():
        assert SECRET.encode() not in file.read_bytes()
    await store.close()
    written = capfd.readouterr()
    assert SECRET not in written.out + written.err
