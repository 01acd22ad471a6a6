"""Reminders and lists: one e-mail a day each, naming nobody (R27, R28, R29, R51, R55)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from handlers.digest.listing import Look
from handlers.digest.reviews import LISTINGS
from handlers.outcomes import Done
from messages.credential import CredentialChanged
from messages.patient import NamedPatient, PatientAlertPosted, PatientAlertWithdrawn
from messages.review import ReviewRecorded, ReviewRequested
from store.contract import Transaction
from tests.people import OFFICER, RESIDENT, open_account
from tests.records import BENZODIAZEPINE, bring, know_drugs, record
from tests.unit.handlers.bench import NOW, Bench
from tests.unit.handlers.conftest import OpenBench
from workers.projection import TreatmentsProjection

FIRST = date(2026, 3, 1)
DEA, NPI = "AS1234563", "1234567893"
DAY = timedelta(days=1)


async def project(bench: Bench, now: datetime = NOW) -> None:
    """The projection is up to date; what it notices, it notices now."""
    one = TreatmentsProjection(bench.store, bench.programme, lambda: now, f"at {now}")
    async with asyncio.timeout(20):
        while not await one.is_done():
            await one.turn()
    await bench.change("UPDATE projections SET leased_until = NULL")


async def treat(bench: Bench, name: str, *, first_on: date = FIRST, prescriber: dict[str, Any] | None = None) -> None:
    """A patient has two supplies of 60 days of one prescriber."""
    changes = {} if prescriber is None else {"prescriber": prescriber | {"last_name": "P", "first_name": "S"}}
    for number, filled_on in enumerate((first_on, first_on + 40 * DAY)):
        await bring(
            bench.store,
            record(f"{name}{number}", filled_on=filled_on, days_supply=60, patient={"first_name": name}, **changes),
        )


@pytest.fixture
async def clinic(bench: Bench) -> Bench:
    """A prescriber with both numbers."""
    await know_drugs(bench.store)
    await open_account(bench.store, "DR-1", dea=DEA, npi=NPI)
    return bench


async def told(bench: Bench, first: date, last: date, name: str = "review_due") -> dict[date, list[Any]]:
    """What each day's sweep wrote; days without e-mail are left out."""
    found: dict[date, list[Any]] = {}
    day = first
    while day <= last:
        if new := await bench.sweep(day, name):
            found[day] = [(one.destination, *(v for k, v in one.facts.items() if k.endswith("_count"))) for one in new]
        day += DAY
    return found


async def test_r55_reminders_by_the_day(clinic: Bench) -> None:
    """14, 7, 1 days before, on the day, weekly while overdue, and no more when the treatment has ended (R54)."""
    await treat(clinic, "ROBIN")
    await project(clinic)
    due = FIRST + 90 * DAY
    ends = FIRST + (40 + 60 + 30) * DAY
    assert await told(clinic, FIRST, ends + 60 * DAY) == {
        **{due - days * DAY: [("dr-1@example.org", 1, 0)] for days in (14, 7, 1, 0)},
        **{due + days * DAY: [("dr-1@example.org", 0, 1)] for days in (7, 14, 21, 28, 35)},
    }
    assert due + 42 * DAY > ends


@pytest.mark.parametrize(
    ("ran", "runs", "told"),
    [
        (-15, -11, (1, 0)),
        (-14, -8, None),
        (-15, -2, (1, 0)),
        (-1, 5, (0, 1)),
        (0, 6, None),
        (0, 10, (0, 1)),
        (-30, 30, (0, 1)),
    ],
)
async def test_r55_a_turn_missed_while_nothing_ran_is_made_up_for_once(
    clinic: Bench, ran: int, runs: int, told: tuple[int, int] | None
) -> None:
    """So many days after the due date it ran last and runs again: one digest of what stands now, none when none was missed."""
    await treat(clinic, "ROBIN")
    await project(clinic)
    due = FIRST + 90 * DAY
    for day in (due + ran * DAY, due + runs * DAY):
        mails = await clinic.sweep(day, "review_due")
        await clinic.change(f"INSERT INTO sweep_runs VALUES ('review_due', '{day}', '{day}', 'one', 0)")
    assert [(one.facts["due_count"], one.facts["overdue_count"]) for one in mails] == ([] if told is None else [told])


async def test_r55_one_digest_however_many_patients_and_numbers(clinic: Bench) -> None:
    """Records know the prescriber by DEA number or by NPI alone: still one e-mail, counting everything that stands."""
    await treat(clinic, "ROBIN")
    await treat(clinic, "KIM", prescriber={"npi": NPI})
    await treat(clinic, "SAM", first_on=FIRST + 3 * DAY)
    await project(clinic)
    due = FIRST + 90 * DAY
    assert await told(clinic, due, due) == {due: [("dr-1@example.org", 3, 0)]}
    assert await clinic.sweep(due, "review_due") == []
    assert await told(clinic, due + 3 * DAY, due + 3 * DAY) == {due + 3 * DAY: [("dr-1@example.org", 1, 2)]}


async def test_r55_a_resident_is_known_by_the_institution_s_number_and_a_suffix(clinic: Bench) -> None:
    """Of two residents of one hospital each is reminded of their own patients; the hospital's number alone is nobody's."""
    hospital = "AB1234563"
    for name, suffix in (("RES-1", "012"), ("RES-2", "-a34"), ("RES-3", "")):
        await open_account(clinic.store, name, RESIDENT, institution=hospital, suffix=suffix)
    await treat(clinic, "ROBIN", prescriber={"dea": hospital, "dea_suffix": "012"})
    await treat(clinic, "KIM", prescriber={"dea": hospital, "dea_suffix": "A34"}, first_on=FIRST + DAY)
    await treat(clinic, "SAM", prescriber={"dea": hospital})
    await project(clinic)
    due = FIRST + 90 * DAY
    assert await told(clinic, due, due + DAY) == {
        due: [("res-1@example.org", 1, 0), ("res-2@example.org", 1, 0)],
        due + DAY: [("res-2@example.org", 1, 0)],
    }


async def test_r51_a_review_by_a_resident_counts(clinic: Bench) -> None:
    """It counts for that resident's records, and for no other's of the same institution."""
    hospital = "AB1234563"
    await open_account(clinic.store, "RES-1", RESIDENT, institution=hospital, suffix="012")
    await treat(clinic, "ROBIN", prescriber={"dea": hospital, "dea_suffix": "012"})
    await treat(clinic, "ROBIN", prescriber={"dea": hospital, "dea_suffix": "013"}, first_on=FIRST + DAY)
    facts = {
        "last_name": "EXAMPLE",
        "first_name": "ROBIN",
        "date_of_birth": "1980-01-01",
        "gender": "F",
        "zip": "06103",
    }
    for filled_on in (FIRST, FIRST + DAY, FIRST + 40 * DAY):
        made_at = datetime.combine(filled_on, NOW.timetz())
        patient = NamedPatient.model_validate_json(json.dumps({"facts": facts}))
        await clinic.send(ReviewRecorded(reviewer="RES-1", patient=patient, reviewed_at=made_at))
    await project(clinic)
    assert await listed(clinic, FIRST + 60 * DAY) == {"Prescribed": [f"{hospital}-013, once"]}


async def test_r55_a_prescriber_is_known_by_the_dea_number_held_now_too(clinic: Bench) -> None:
    """A number that the licensing system told of after the registration (R21): its records and reviews are the holder's."""
    new = "AB1234563"
    assert isinstance(
        await clinic.send(CredentialChanged(credential="dea", status="active", account_id="DR-1", number=new)), Done
    )
    await treat(clinic, "ROBIN")
    await treat(clinic, "KIM", prescriber={"dea": new})
    await project(clinic)
    due = FIRST + 90 * DAY
    assert await told(clinic, due, due) == {due: [("dr-1@example.org", 2, 0)]}
    facts = record(patient={"first_name": "KIM"})["patient"]
    named = {name: facts[name] for name in ("last_name", "first_name", "date_of_birth", "gender", "zip")}
    seen = ReviewRecorded(
        reviewer="DR-1",
        patient=NamedPatient.model_validate_json(json.dumps({"facts": named})),
        reviewed_at=NOW - timedelta(hours=1),
    )
    assert isinstance(await clinic.send(seen), Done)
    await project(clinic)
    assert await told(clinic, due + 7 * DAY, due + 7 * DAY) == {due + 7 * DAY: [("dr-1@example.org", 0, 1)]}


async def test_r27_the_digest_names_nobody(clinic: Bench) -> None:
    """Neither patient nor drug nor date stands in it."""
    await treat(clinic, "ZEBEDEE")
    await project(clinic)
    (staged,) = await clinic.sweep(FIRST + 90 * DAY, "review_due")
    assert set(staged.facts) == {"name", "due_count", "overdue_count"}
    (mail,) = clinic.written
    assert not any(word in mail.content for word in (b"ZEBEDEE", b"Zebedee", b"EXAMPLE,", b"00093005801"))


async def test_r55_only_active_accounts_are_reminded(clinic: Bench) -> None:
    """A prescriber without an account, or with a suspended one, gets nothing."""
    await treat(clinic, "ROBIN")
    await treat(clinic, "KIM", prescriber={"dea": "AB1234563"})
    await project(clinic)
    await clinic.change("UPDATE accounts SET state = 'suspended'")
    assert await clinic.sweep(FIRST + 90 * DAY, "review_due") == []


@pytest.fixture
async def watchful(bench_of: OpenBench) -> Bench:
    """A programme that alerts to opioids with benzodiazepines."""
    bench = await bench_of(alert_opioid_with_benzodiazepine=True)
    await know_drugs(bench.store)
    await open_account(bench.store, "DR-1", dea=DEA, npi=NPI)
    return bench


async def cross(bench: Bench, name: str, on: date, now: datetime) -> None:
    """A patient gets an opioid and a benzodiazepine on one day, noticed now."""
    for product in ("00093005801", BENZODIAZEPINE):
        await bring(
            bench.store, record(f"{name}{product}", filled_on=on, product_id=product, patient={"first_name": name})
        )
    await project(bench, now)


async def test_r29_an_alert_is_told_once_on_the_day_after(watchful: Bench) -> None:
    """One e-mail however many patients; it is not repeated, and a new crossing is told anew."""
    today = NOW.date()
    await cross(watchful, "ROBIN", today - 2 * DAY, NOW)
    await cross(watchful, "KIM", today - DAY, NOW)
    assert await told(watchful, today, today + 20 * DAY, "clinical_alerts") == {today + DAY: [("dr-1@example.org", 2)]}
    await cross(watchful, "SAM", today, NOW + 3 * DAY)
    days = await told(watchful, today + 3 * DAY, today + 20 * DAY, "clinical_alerts")
    assert days == {today + 4 * DAY: [("dr-1@example.org", 1)]}


async def test_r29_a_day_without_a_sweep_is_told_on_the_next(watchful: Bench) -> None:
    """Downtime of a week loses nothing; what is older is past."""
    today = NOW.date()
    await cross(watchful, "ROBIN", today, NOW)
    assert await told(watchful, today + 8 * DAY, today + 20 * DAY, "clinical_alerts") == {}
    found = await told(watchful, today + 5 * DAY, today + 7 * DAY, "clinical_alerts")
    assert found == {today + 5 * DAY: [("dr-1@example.org", 1)]}


async def test_r29_after_days_without_a_sweep_all_of_them_are_counted(watchful: Bench) -> None:
    """One e-mail tells of what was noticed on each day since the last sweep."""
    today = NOW.date()
    await watchful.change(f"INSERT INTO sweep_runs VALUES ('clinical_alerts', '{today}', '{today}', 'one', 0)")
    await cross(watchful, "ROBIN", today, NOW)
    await cross(watchful, "KIM", today, NOW + 2 * DAY)
    found = await told(watchful, today + 4 * DAY, today + 4 * DAY, "clinical_alerts")
    assert found == {today + 4 * DAY: [("dr-1@example.org", 2)]}


async def test_r29_what_happened_long_ago_is_not_told(watchful: Bench) -> None:
    """Records of last year that are handed in now raise alerts that nobody is written to about."""
    await cross(watchful, "ROBIN", NOW.date() - 200 * DAY, NOW)
    assert await watchful.count("clinical_alerts") == 1
    assert await told(watchful, NOW.date(), NOW.date() + 9 * DAY, "clinical_alerts") == {}


async def listed(bench: Bench, today: date) -> dict[str, Sequence[str]]:
    """What the administrators' digest of a day lists of these things."""

    async def unit(tx: Transaction) -> dict[str, Sequence[str]]:
        look = Look(tx, today, bench.programme)
        found = {listing.title.split()[0]: (await listing.find(look)).rows for listing in LISTINGS}
        return {title: list(rows) for title, rows in found.items() if rows}

    return await bench.store.read(unit)


async def test_r28_administrators_find_yesterdays_alerts_and_refused_queries(clinic: Bench) -> None:
    """Who, why and how often; neither the patient nor a word of the alert. A withdrawn alert is not listed."""
    await open_account(clinic.store, "OFF-1", OFFICER)
    patient = NamedPatient(patient_id="a" * 32)
    for name in ("ALERT-1", "ALERT-2"):
        alert = PatientAlertPosted(alert_id=name, author="DR-1", patient=patient, concern="misuse", text="Secret.")
        await clinic.send(alert)
    await clinic.send(PatientAlertWithdrawn(alert_id="ALERT-2", author="DR-1"))
    for requester in ("OFF-1", "OFF-1", "NOBODY"):
        await clinic.send(ReviewRequested(requester=requester, patient=patient))
    today = NOW.date()
    assert [await listed(clinic, day) for day in (today, today + 2 * DAY)] == [{}, {}]
    assert await listed(clinic, today + DAY) == {
        "Alerts": ["ALERT-1, by DR-1"],
        "Queries": ["NOBODY, account not active, once", "OFF-1, training missing, 2 times"],
    }


async def test_r28_an_alert_is_shown_also_when_the_next_days_digest_was_missed(clinic: Bench) -> None:
    """The digest after a downtime tells of all days since the last one; the one after it tells of none of them again."""
    alert = PatientAlertPosted(
        alert_id="ALERT-1", author="DR-1", patient=NamedPatient(patient_id="a" * 32), concern="misuse", text="Secret."
    )
    await clinic.send(alert)
    told = []
    for day in (NOW.date(), NOW.date() + 3 * DAY, NOW.date() + 4 * DAY):
        mails = await clinic.sweep(day, "administrators_digest")
        told.append(["ALERT-1" in str(mail.facts) for mail in mails])
        await clinic.change(f"INSERT INTO sweep_runs VALUES ('administrators_digest', '{day}', '{day}', 'one', 0)")
    assert told == [[], [True, True], []]


async def test_r51_missed_reviews_are_listed_by_prescriber(clinic: Bench) -> None:
    """How often each prescriber of the last 30 days wrote without a review in time."""
    await treat(clinic, "ROBIN")
    await treat(clinic, "SAM")
    await treat(clinic, "KIM", prescriber={"dea": "AB1234563"})
    await project(clinic)
    assert await listed(clinic, FIRST + 30 * DAY) == {"Prescribed": ["AB1234563, once", f"{DEA}, 2 times"]}
    assert await listed(clinic, FIRST + 71 * DAY) == {}
