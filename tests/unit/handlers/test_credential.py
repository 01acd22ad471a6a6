"""Credentials: a lapse suspends who depends on it, a renewal lifts just that, and the register's holders are known (R5, R21)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from handlers.outcomes import Defer, Done, Outcome, Refuse
from handlers.rules.policy import Policy
from handlers.rules.standing import lapses_on
from messages.credential import CredentialChanged, CredentialRosterReceived, CspHolder
from store import accounts, credentials, registrations, terms
from store.contract import Transaction
from tests.unit.handlers.account_life import LAPSED, ROBIN, UNREGISTERED, account, causes, csp, listed, open_as
from tests.unit.handlers.bench import NOW, Bench
from tests.unit.handlers.conftest import OpenBench

DAY = timedelta(days=1)


def _code(outcome: Outcome) -> str:
    assert isinstance(outcome, Refuse)
    return outcome.code


def _holder(number: int, **more: object) -> CspHolder:
    return CspHolder.model_validate(
        {"csp_number": f"CSP.{number}", "name": f"Dr. No {number}", "email": f"no{number}@example.org"} | more
    )


def _roster(*holders: CspHolder, as_of: datetime = NOW) -> CredentialRosterReceived:
    return CredentialRosterReceived(as_of=as_of, holders=holders)


@pytest.mark.parametrize("status", ["lapsed", "suspended", "surrendered", "revoked"])
async def test_r21_a_credential_that_ends_suspends_the_account(bench: Bench, status: str) -> None:
    """Its holder is told; a renewal reinstates and tells too; both once, however often they are said."""
    await open_as(bench, "REG-1", "Dentist", email=ROBIN, numbers={"csp": "CSP.0012345"})
    assert await bench.send(csp("csp 0012345", status=status)) == Done({"accounts_changed": 1})
    assert bench.told == [("credential.lapsed", ROBIN)]
    assert (await account(bench)).state == "suspended"
    assert await bench.send(csp("csp 0012345", status=status)) == Done({"accounts_changed": 0})
    assert await bench.send(csp("CSP-0012345")) == Done({"accounts_changed": 1})
    assert bench.told == [("account.reinstated", ROBIN)]
    assert (await account(bench)).state == "active"


async def test_r21_only_what_the_role_depends_on_counts(bench: Bench) -> None:
    """A pharmacist's CSP may lapse; the licence may not."""
    await open_as(bench, "REG-1", "Pharmacist", email=ROBIN, numbers={"csp": "CSP.1", "license": "PCT.1"})
    assert await bench.send(csp(status="lapsed")) == Done({"accounts_changed": 0})
    lapse = CredentialChanged(credential="license", number="PCT.1", status="lapsed")
    assert await bench.send(lapse) == Done({"accounts_changed": 1})


async def test_r21_a_renewal_lifts_what_lapsed_for_that_cause_alone(bench: Bench) -> None:
    """CSP and licence lapsed: the CSP's renewal frees nobody."""
    await open_as(bench, "REG-1", "Dentist", email=ROBIN, numbers={"csp": "CSP.1", "license": "D.1"})
    await bench.send(csp(status="lapsed"))
    await bench.send(CredentialChanged(credential="license", number="D.1", status="revoked"))
    await bench.send(csp())
    assert bench.told == []
    assert await causes(bench) == ["credential:license"]
    await bench.send(CredentialChanged(credential="license", number="D.1", status="active"))
    assert (await account(bench)).state == "active"


async def test_r21_warnings_come_30_14_7_and_1_days_before_and_the_day_suspends(bench: Bench) -> None:
    """Day by day: four warnings, then the suspension on the first day without it; then silence until it is renewed."""
    await open_as(bench, "REG-1", "Dentist", email=ROBIN, numbers={"csp": "CSP.1"})
    end = date(2026, 11, 3)
    await bench.send(csp(expires_on=end))
    told = {}
    for number in range(-40, 10):
        day = end + number * DAY
        await bench.sweep(day, "credential_expiry")
        if bench.mails:
            told[number] = [(one.name, one.facts.get("days_left")) for one in bench.mails]
    assert told == {
        **{-left: [("credential.expiring", left)] for left in (30, 14, 7, 1)},
        0: [("credential.lapsed", None)],
    }
    bench.now = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    assert await bench.send(csp(expires_on=date(2028, 11, 3))) == Done({"accounts_changed": 1})


@pytest.mark.parametrize(("ran", "runs", "told"), [(31, 27, [27]), (31, 6, [6]), (30, 16, []), (8, 1, [1]), (2, 0, [])])
async def test_r21_a_warning_missed_while_nothing_ran_is_made_up_for_once(
    bench: Bench, ran: int, runs: int, told: list[int]
) -> None:
    """So many days before the lapse it ran last and runs again: one e-mail with the days left, none when none was missed."""
    await open_as(bench, "REG-1", "Dentist", email=ROBIN, numbers={"csp": "CSP.1"})
    end = date(2026, 11, 3)
    await bench.send(csp(expires_on=end))
    warned = []
    for left in (ran, runs, runs - 1):
        day = end - left * DAY
        mails = await bench.sweep(day, "credential_expiry")
        warned.append([one.facts["days_left"] for one in mails if one.name == "credential.expiring"])
        await bench.change(f"INSERT INTO sweep_runs VALUES ('credential_expiry', '{day}', '{day}', 'one', 0)")
    assert warned[1:] == [told, []]


async def test_r21_a_renewed_credential_is_warned_of_no_more(bench: Bench) -> None:
    """The warnings go on before the new date."""
    await open_as(bench, "REG-1", "Dentist", email=ROBIN, numbers={"csp": "CSP.1"})
    await bench.send(csp(expires_on=date(2026, 7, 15)))
    assert len(await bench.sweep(date(2026, 6, 15), "credential_expiry")) == 1
    await bench.send(csp(expires_on=date(2027, 7, 15)))
    for number in range(1, 60):
        assert await bench.sweep(date(2026, 6, 15) + number * DAY, "credential_expiry") == []
    assert len(await bench.sweep(date(2027, 7, 14), "credential_expiry")) == 1


async def test_r21_a_lapse_is_not_missed_by_downtime_or_a_later_account(bench: Bench) -> None:
    """Nothing ran for months; an account opened after its credential had lapsed: the next day finds both."""
    await bench.send(csp("CSP.2", status="lapsed"))
    await open_as(bench, "REG-1", "Dentist", email=ROBIN, numbers={"csp": "CSP.1"})
    await open_as(bench, "REG-2", "Dentist", email="sam@example.org", numbers={"csp": "CSP.2"})
    await bench.send(csp(expires_on=date(2026, 7, 1)))
    await bench.sweep(date(2026, 12, 1), "credential_expiry")
    assert sorted(bench.told) == [("credential.lapsed", ROBIN), ("credential.lapsed", "sam@example.org")]


async def test_r21_the_warning_days_are_the_programme_s(bench_of: OpenBench) -> None:
    """Sixty days and no other."""
    bench = await bench_of(credential_warning_days=(60,))
    await open_as(bench, "REG-1", "Dentist", email=ROBIN, numbers={"csp": "CSP.1"})
    await bench.send(csp(expires_on=date(2026, 9, 1)))
    days = [date(2026, 6, 20) + number * DAY for number in range(72)]
    assert [day for day in days if await bench.sweep(day, "credential_expiry")] == [date(2026, 7, 3)]


async def test_r21_what_was_true_later_stays_true(bench: Bench) -> None:
    """A message that was overtaken changes nothing."""
    await open_as(bench, "REG-1", "Dentist", email=ROBIN, numbers={"csp": "CSP.1"})
    await bench.send(csp())
    late = CredentialChanged(credential="csp", number="CSP.1", status="lapsed", as_of=NOW - timedelta(hours=1))
    assert _code(await bench.send(late)) == "superseded"
    assert (await account(bench)).state == "active"


async def test_r21_an_account_is_matched_by_its_id(bench: Bench) -> None:
    """With a number it holds that from now on; without one it is the number that it holds."""
    await open_as(bench, "REG-1", "Dentist", email=ROBIN)
    by_id = CredentialChanged(credential="csp", account_id="REG-1", status="lapsed")
    assert _code(await bench.send(by_id)) == "number_unknown"
    first = CredentialChanged(credential="csp", account_id="REG-1", number="CSP.7", status="active")
    assert await bench.send(first) == Done({"accounts_changed": 0})
    assert await bench.send(by_id) == Done({"accounts_changed": 1})
    other = CredentialChanged(credential="csp", account_id="REG-1", number="CSP.8", status="active")
    assert await bench.send(other) == Done({"accounts_changed": 1})
    unknown = await bench.send(CredentialChanged(credential="csp", account_id="REG-9", number="X.1", status="active"))
    assert isinstance(unknown, Defer)


async def test_r21_a_dea_number_has_its_check_digit(bench: Bench) -> None:
    """One with a wrong one is refused by field."""
    good = CredentialChanged(credential="dea", number="AB1234563", status="active")
    assert isinstance(await bench.send(good), Done)
    outcome = await bench.send(CredentialChanged(credential="dea", number="AB1234564", status="active"))
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == ("not_a_dea_number", "number")


async def test_r21_what_lapsed_while_the_registration_waited_suspends_at_once(bench: Bench) -> None:
    """The account is opened and rests from the beginning; a renewal lets it go on."""
    await bench.send(csp("CSP 77", status="lapsed"))
    await bench.open_account(role="Dentist", csp_number="CSP 77", dea_number="AB1234563", npi="1234567893")
    assert ("credential.lapsed", ROBIN) in bench.told
    assert (await account(bench)).state == "suspended"
    await bench.send(csp("CSP 77"))
    assert (await account(bench)).state == "active"


async def test_r21_an_account_begins_with_the_numbers_on_its_form(bench: Bench) -> None:
    """CSP, DEA and licence of the registration, and the terms it agreed to."""
    await bench.open_account()
    await bench.change("DELETE FROM accounts")
    await bench.change("DELETE FROM terms_acceptances")
    await bench.change("DELETE FROM held_credentials")
    form = '{"first_name": "R", "last_name": "E", "csp_number": "csp 1", "dea_number": "AB1234563", "employer_name": "Elm"}'
    await bench.change(f"UPDATE registrations SET applicant = '{form}'")

    async def unit(tx: Transaction) -> list[object]:
        registration = await registrations.one(tx, "REG-1")
        assert registration is not None
        await accounts.open_account(tx, registration, set_on=NOW.date(), expires_on=NOW.date(), now=NOW)
        kinds: tuple[credentials.Kind, ...] = ("csp", "dea", "license")
        held = [await credentials.held_number(tx, "REG-1", kind) for kind in kinds]
        return [*held, await terms.accepted_at(tx, "REG-1", "2026-01")]

    assert await bench.store.write(unit) == ["CSP1", "AB1234563", None, NOW]
    assert await bench.count("accounts WHERE facility = 'Elm'") == 1


async def test_r5_a_roster_tells_who_holds_what(bench: Bench) -> None:
    """Accounts are suspended by it; holders without an account are listed; a wrong NPI is named and left out."""
    await open_as(bench, "REG-1", "Dentist", email=ROBIN, numbers={"csp": "CSP.1"})
    wrong = _holder(4, npi="1234567890")
    roster = _roster(
        _holder(1, status="lapsed"), _holder(2, npi="1234567893"), _holder(3, status="revoked"), wrong, _holder(5)
    )
    assert await bench.send(roster) == Done({"news": 4, "accounts_changed": 1, "wrong": ["holders.3.npi"]})
    assert bench.told == [("credential.lapsed", ROBIN)]
    assert await listed(bench, UNREGISTERED) == ["CSP2", "CSP5"]
    assert await listed(bench, LAPSED) == ["REG-1: Controlled-substance registration (CSP)"]
    bench.now = NOW + 2 * DAY
    assert await listed(bench, LAPSED) == []


async def test_r5_a_roster_sent_again_changes_nothing(bench: Bench) -> None:
    """An older one neither; a holder named twice counts once, the last time."""
    await bench.send(_roster(_holder(1), _holder(1, status="lapsed"), _holder(2)))
    assert await bench.count("credentials") == 2
    older = _roster(_holder(2, status="lapsed"), as_of=NOW - DAY)
    assert await bench.send(older) == Done({"news": 0, "accounts_changed": 0, "wrong": []})
    assert await listed(bench, UNREGISTERED) == ["CSP2"]


async def test_r5_who_has_an_account_or_a_pending_registration_is_not_listed(bench: Bench) -> None:
    """Known by the number or by the address."""
    await bench.send(_roster(*(_holder(number) for number in range(5))))
    await open_as(bench, "REG-1", "Dentist", email="other@example.org", numbers={"csp": "CSP.1"})
    await open_as(bench, "REG-2", "Dentist", email="no2@example.org")
    await bench.send(bench.registration("REG-3", email="NO3@example.org"))
    assert await listed(bench, UNREGISTERED) == ["CSP0", "CSP4"]


async def test_r5_reminders_are_off_until_the_programme_wants_them(bench: Bench) -> None:
    """Holders are listed to administrators in any case."""
    await bench.send(_roster(_holder(1)))
    assert await bench.sweep(date(2026, 6, 16), "unregistered_prescribers") == []


async def test_r5_reminders_go_monthly_at_most(bench_of: OpenBench) -> None:
    """Every thirty days until the holder has registered; who gave no address is not reminded."""
    bench = await bench_of(invite_unregistered=True)
    await bench.send(_roster(_holder(1), _holder(2, email=None), _holder(3)))
    days = [date(2026, 6, 16) + number * DAY for number in range(70)]
    told = [day for day in days if await bench.sweep(day, "unregistered_prescribers")]
    assert told == [date(2026, 6, 16), date(2026, 7, 16), date(2026, 8, 15)]
    assert await bench.count("outbox WHERE name = 'registration.invited' AND destination = 'no1@example.org'") == 3
    assert await bench.count("outbox WHERE name = 'registration.invited'") == 6


@pytest.mark.parametrize(
    ("status", "expires_on", "first_day_without"),
    [
        ("active", None, date.max),
        ("active", date(2027, 1, 1), date(2027, 1, 1)),
        ("lapsed", None, date(2026, 6, 15)),
        ("revoked", date(2027, 1, 1), date(2026, 6, 15)),
        ("lapsed", date(2026, 6, 1), date(2026, 6, 1)),
    ],
)
def test_r21_a_credential_lapses_on_its_first_day_without(
    status: str, expires_on: date | None, first_day_without: date
) -> None:
    """Its expiration, or the day on which it was said to have ended."""
    assert lapses_on(status, expires_on, Policy().local_date(NOW)) == first_day_without
