"""The demo, played smaller than for people."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from tests.servers import processes_of
from workers.demo import Day, run_demo
from workers.services.private import Say
from workers.services.rabbitmq import Broker
from workers.settings import load_settings

SMALL = Day(
    registrations=7,
    delegates=1,
    officers=1,
    rejections=1,
    early_documents=1,
    password_changes=3,
    tickets=2,
    pharmacies=3,
    files=6,
    broken_files=1,
    files_again=2,
    records=300,
)


async def test_a_small_day_with_a_killed_worker_adds_up(rabbitmq: Broker, say: Say, tmp_path: Path) -> None:
    """Every message is accounted for once, nothing is doubled, and no process is left."""
    settings = load_settings(amqp_url=rabbitmq.amqp_url, management_url=rabbitmq.management_url or "")
    shown = io.StringIO()
    folder = tmp_path / "demo"

    code = await run_demo(say, SMALL, settings=settings, folder=folder, console=Console(file=shown, width=160))

    assert code == 0, shown.getvalue()
    assert "Clean" in shown.getvalue()
    assert not processes_of(folder)
