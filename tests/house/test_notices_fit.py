"""Whatever handlers and sweeps tell becomes an e-mail: the notice is known, and the facts they give fit it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from handlers.outcomes import Done
from handlers.rules.policy import Policy
from messages.account import (
    AccountDeactivated,
    AccountEmailChangeConfirmed,
    AccountEmailChangeRequested,
    AccountPasswordResetRequested,
    AccountPasswordSet,
    AccountReinstated,
    AccountRevoked,
    AccountTermsPublished,
)
from messages.approval import ApprovalAdministratorDecided, ApprovalSupervisorDecided, ApprovalTrainingCompleted
from messages.asap.writer import write_zero_report
from messages.credential import CredentialRosterReceived, CspHolder
from messages.delegate import DelegateDecided, DelegateLinked
from messages.dispensation import DispensationFileSubmitted
from messages.ticket import TicketOpened
from notifier.preview import Preview, preview_of
from notifier.render import Mail
from store import delegates
from store.contract import as_text
from tests import people
from tests.help_desk import conduct_acts, opened, reported, ticket_acts
from tests.records import bring, know_drugs, record
from tests.unit.handlers.account_life import csp, fail, log_in, open_as, secret_link, suspension
from tests.unit.handlers.bench import Bench, open_bench
from tests.unit.handlers.dispensing import dispensing, file, hand_in, register
from workers.projection import TreatmentsProjection

ROOT = Path(__file__).parents[2]
CREATED = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
PHARMACY = {"PHA01": "1234567893", "PHA02": "0700006", "PHA03": "AB1234563", "PHA04": "EXAMPLE PHARMACY"}


async def _decisions(bench: Bench) -> None:
    await bench.open_account()
    await bench.register("REG-2", email="sam@example.org")
    assert isinstance(await bench.send(bench.email_verified("REG-2")), Done)
    rejection = ApprovalAdministratorDecided(
        registration_id="REG-2", decision="reject", administrator="a@example.org", reason="Not a pharmacist.\nSorry."
    )
    assert isinstance(await bench.send(rejection), Done)


async def _registrations(bench: Bench) -> None:
    await bench.register()
    await bench.sweep(bench.today + timedelta(days=7), "registration_ageing")
    await bench.sweep(bench.today + timedelta(days=30), "registration_ageing")
    await bench.register("REG-2", email="sam@example.org")
    await bench.complete("REG-2")
    question = ApprovalAdministratorDecided(
        registration_id="REG-2", decision="want_information", administrator="a@example.org", question="Which\npractice?"
    )
    assert isinstance(await bench.send(question), Done)
    await bench.open_account("REG-3", email="jo@police.example.org", role="Local")
    training = ApprovalTrainingCompleted(registration_id="REG-3", trained_on=bench.today, administrator="a@example.org")
    assert isinstance(await bench.send(training), Done)


async def _delegates(bench: Bench) -> None:
    role, sam, alex, pat = "Prescriber Delegate - Licensed", "sam@example.org", "alex@example.org", "pat@example.org"
    await bench.open_account("SAM", email=sam, role="Dentist")
    await bench.open_account("ALEX", email=alex, role="Podiatrist")
    await bench.open_account(role=role, supervisors=(sam,))
    assert isinstance(
        await bench.send(DelegateLinked(delegate="robin@example.org", supervisor=alex, by="delegate")), Done
    )
    refusal = DelegateDecided(delegate="robin@example.org", supervisor=alex, decision="refuse", reason="No.\nSorry.")
    assert isinstance(await bench.send(refusal), Done)
    await bench.register("REG-2", email=pat, role=role, supervisors=(sam,))
    assert isinstance(await bench.send(bench.email_verified("REG-2")), Done)
    message = ApprovalSupervisorDecided(registration_id="REG-2", supervisor=sam, decision="refuse")
    assert isinstance(await bench.send(message), Done)
    assert await bench.sweep(bench.today + timedelta(days=180), "delegate_roster")


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


async def _help_desk(bench: Bench) -> None:
    assert isinstance(await bench.send(opened(category="critical")), Done)
    for minutes in (24, 31):
        bench.now += timedelta(minutes=minutes)
        assert await bench.sweep(CREATED.date(), "ticket_targets")
    for act in (
        "answered",
        "recategorised",
        "escalated",
        "resolved",
        "reply_received",
        "resolved",
        "closed",
        "reopened",
    ):
        assert isinstance(await bench.send(ticket_acts()[act]), Done)
    for message in (reported(), conduct_acts()["referred"]):
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


async def _administration(bench: Bench) -> None:
    await bench.change(
        "INSERT INTO outbox (channel, name, destination, facts, state, attempts, created_at, due_at) VALUES "
        f"('mail', 'ticket.opened', 'bo@example.org', '{{}}', 'held', 1, '{as_text(bench.now)}', '{as_text(bench.now)}')"
    )
    assert await bench.sweep(date(2026, 6, 16), "administrators_digest")


async def _account_life(bench: Bench) -> None:
    await bench.open_account()
    terms = AccountTermsPublished(version="2", effective_on=date(2026, 6, 1), administrator="a@example.org")
    assert isinstance(await bench.send(terms), Done)
    assert await log_in(bench)
    assert [await fail(bench) for _ in range(4)]
    assert isinstance(await bench.send(AccountPasswordResetRequested(address="robin@example.org")), Done)
    move = AccountEmailChangeRequested(account_id="REG-1", new_email="lee@example.org")
    assert isinstance(await bench.send(move), Done)
    change_id, secret = secret_link(bench)
    confirmed = AccountEmailChangeConfirmed(change_id=change_id, token=bench.seal(secret))
    assert isinstance(await bench.send(confirmed), Done)


async def _access(bench: Bench) -> None:
    await open_as(bench, "SUP", "Dentist", email="sam@example.org", numbers={"csp": "CSP.1"})
    await open_as(bench, "DEL", "Prescriber Delegate – Licensed", email="di@example.org")
    await bench.store.write(lambda tx: delegates.ask(tx, "DEL", "SUP", now=bench.now))
    await bench.store.write(lambda tx: delegates.decide(tx, "DEL", "SUP", "approved", now=bench.now))
    by = {"account_id": "SUP", "administrator": "a@example.org"}
    for message in (
        suspension("SUP", until=date(2026, 7, 1)),
        AccountReinstated(reason="All is well.", **by),
        csp(status="lapsed"),
        csp(expires_on=date(2026, 7, 15)),
        AccountRevoked(ground="other", **by),
        AccountDeactivated(account_id="DEL", administrator="a@example.org", ground="on_request"),
    ):
        assert isinstance(await bench.send(message), Done)
        assert bench.told


async def _credentials(bench: Bench) -> None:
    await open_as(bench, "REG-1", "Dentist", email="robin@example.org", numbers={"csp": "CSP.1"})
    holder = CspHolder(csp_number="CSP.2", name="Dr. Sam Sample", email="sam@example.org")
    for message in (csp(expires_on=date(2026, 7, 15)), CredentialRosterReceived(as_of=bench.now, holders=(holder,))):
        assert isinstance(await bench.send(message), Done)
    bench.programme = replace(bench.programme, policy=Policy(invite_unregistered=True))
    assert await bench.sweep(date(2026, 6, 15), "credential_expiry")
    assert await bench.sweep(date(2026, 6, 15), "unregistered_prescribers")


async def _reviews(bench: Bench) -> None:
    bench.programme = replace(bench.programme, policy=Policy(alert_daily_mme=10))
    await know_drugs(bench.store)
    await people.open_account(bench.store, "DR-1", dea="AS1234563")
    await bring(bench.store, *(record(f"{n}", filled_on=date(2026, 5, 1 + n), days_supply=90) for n in (0, 1)))
    projection = TreatmentsProjection(bench.store, bench.programme, lambda: CREATED, "one")
    while not await projection.is_done():
        await projection.turn()
    assert await bench.sweep(date(2026, 7, 30), "review_due")
    assert await bench.sweep(date(2026, 6, 16), "clinical_alerts")


async def _deadlines(bench: Bench) -> None:
    await register(bench)
    await hand_in(bench, file("T1", dispensing("1", DSP09="none")))
    assert await bench.sweep(date(2026, 6, 16), "error_reminders")
    assert await bench.sweep(date(2026, 6, 18), "overdue_dispensers")


JOURNEYS: list[Callable[[Bench], Awaitable[None]]] = [
    _decisions,
    _registrations,
    _delegates,
    _passwords,
    _tickets,
    _help_desk,
    _files,
    _administration,
    _account_life,
    _access,
    _credentials,
    _reviews,
    _deadlines,
]


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[list[tuple[str, Preview]]]:
    """The e-mails that the journeys caused, by notice; the bench has rendered each of them."""
    mails: list[Mail] = []
    for number, journey in enumerate(JOURNEYS):
        bench = await open_bench(tmp_path / f"{number}.db")
        try:
            await journey(bench)
        finally:
            await bench.store.close()
        mails += bench.written
    yield [
        (name, preview_of(mail))
        for mail in mails
        for name in re.findall(r"^X-PMP-Notice: (\S+)\r$", mail.content.decode(), re.MULTILINE)
    ]


def _named() -> set[str]:
    """The notices that handlers and sweeps name in their code."""
    code = "".join(path.read_text("utf-8") for path in (ROOT / "handlers").rglob("*.py"))
    return set(re.findall(r'(?:notify\(|"mail",)\s*"([a-z_.]+)"', code))


async def test_every_notice_that_is_told_is_rendered_with_its_own_facts_and_reads_well(
    told: list[tuple[str, Preview]],
) -> None:
    """A new notice needs a step of a journey here that causes it.

    Days stand in words, and a time with its zone (a fault of a file names days as the file does); no line of the text is longer
    than 78 columns, save for a word that cannot be broken.
    """
    assert {name for name, _ in told} == _named()
    for name, seen in told:
        shown = seen.subject + seen.text + re.sub("<[^>]*>", "", seen.html)
        if not name.startswith("submission."):
            assert not re.search(r"\b20\d\d-\d\d-\d\d\b", shown), name
        assert not re.search(r"\d:\d\d(?! [AP]M E[DS]T)", shown), name
        assert all(len(line) <= 78 or " " not in line.strip() for line in seen.text.splitlines()), name
