"""Whatever handlers and sweeps tell becomes an e-mail: the notice is known, and the facts they give fit it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from handlers.outcomes import Done
from messages.account import AccountPasswordSet
from messages.approval import ApprovalAdministratorDecided
from messages.asap.writer import write_zero_report
from messages.dispensation import DispensationFileSubmitted
from messages.ticket import TicketOpened
from tests.unit.handlers.bench import Bench, open_bench
from tests.unit.handlers.dispensing import dispensing, file, hand_in, register

ROOT = Path(__file__).parents[2]
CREATED = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
PHARMACY = {"PHA01": "1234567893", "PHA02": "0700006", "PHA03": "AB1234563", "PHA04": "EXAMPLE PHARMACY"}


async def _decisions(bench: Bench) -> None:
    await bench.open_account()
    assert isinstance(await bench.send(bench.registration("REG-2", email="sam@example.org")), Done)
    rejection = ApprovalAdministratorDecided(
        registration_id="REG-2", decision="reject", administrator="a@example.org", reason="Not a pharmacist.\nSorry."
    )
    assert isinstance(await bench.send(rejection), Done)


async def _passwords(bench: Bench) -> None:
    await bench.open_account()
    assert await bench.sweep(date(2026, 9, 12))
    assert await bench.sweep(date(2026, 9, 13))
    message = AccountPasswordSet(account_id="REG-1", password=bench.seal("Other-Horse"))
    assert isinstance(await bench.send(message), Done)


async def _tickets(bench: Bench) -> None:
    for name, now in (("T-1", bench.now), ("T-2", datetime(2026, 6, 14, 15, 0, tzinfo=UTC))):
        bench.now = now
        message = TicketOpened(
            ticket_id=name, category="low", requester_name="Bo Lee", requester_email="bo@example.org",
            subject="A question", description="It does not open.",
        )  # fmt: skip
        assert isinstance(await bench.send(message), Done)


async def _files(bench: Bench) -> None:
    for path in sorted((ROOT / "tests" / "samples" / "asap").iterdir()):
        for sender, file_name in (("gateway", path.name[:40]), ("unknown", "")):
            message = DispensationFileSubmitted(body=path.read_bytes(), file_name=file_name)
            await bench.send(message, sender=sender, file_name=file_name)
            assert bench.told or not bench.events
    day = CREATED.date()
    zero = write_zero_report("4.2B", "Z1", CREATED, PHARMACY, begins_on=day, ends_on=day)
    assert isinstance(await bench.send(DispensationFileSubmitted(body=zero), sender="gateway"), Done)


async def _deadlines(bench: Bench) -> None:
    await register(bench)
    await hand_in(bench, file("T1", dispensing("1", DSP09="none")))
    assert await bench.sweep(date(2026, 6, 16), "error_reminders")
    assert await bench.sweep(date(2026, 6, 18), "overdue_dispensers")


JOURNEYS: list[Callable[[Bench], Awaitable[None]]] = [_decisions, _passwords, _tickets, _files, _deadlines]


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[set[str]]:
    """The notices that the journeys caused; the bench has rendered each of them."""
    names: set[str] = set()
    for number, journey in enumerate(JOURNEYS):
        bench = await open_bench(tmp_path / f"{number}.db")
        try:
            await journey(bench)
        finally:
            await bench.store.close()
        names |= set(
            re.findall(r"^X-PMP-Notice: (\S+)", "".join(mail.content.decode() for mail in bench.written), re.MULTILINE)
        )
    yield names


def _named() -> set[str]:
    """The notices that handlers and sweeps name in their code."""
    code = "".join(path.read_text("utf-8") for path in (ROOT / "handlers").rglob("*.py"))
    return set(re.findall(r'(?:notify\(|"mail",)\s*"([a-z_.]+)"', code))


async def test_every_notice_that_is_told_is_rendered_with_its_own_facts(told: set[str]) -> None:
    """A new notice needs a step of a journey here that causes it."""
    assert told == _named()
