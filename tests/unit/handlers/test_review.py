"""Who may review and query which record, on whose behalf, and what is written down of it (R7, R24, R51, R56)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from handlers.outcomes import Done, Outcome, Refuse
from messages.delegate import DelegateLinked
from messages.patient import NamedPatient, PatientToldApart
from messages.review import ReviewCaseClosed, ReviewCaseOpened, ReviewRecorded, ReviewRequested
from store import agencies, reviews
from tests.people import DELEGATE, OFFICER, PRESCRIBER, link, open_account
from tests.unit.handlers.bench import NOW, Bench

ROBIN = NamedPatient.model_validate_json(
    '{"facts": {"last_name": "Example", "first_name": "Robin", "date_of_birth": "1980-01-31", "gender": "F", "zip": "06103"}}'
)


@pytest.fixture
async def clinic(bench: Bench) -> Bench:
    """Two prescribers, a delegate linked to the first, an officer, a pharmacist, and the registry."""
    await open_account(bench.store, "DR-1", PRESCRIBER, dea="AB1234563", npi="1234567893")
    await open_account(bench.store, "DR-2", PRESCRIBER, dea="AS1234563")
    await open_account(bench.store, "DEL-1", DELEGATE)
    await open_account(bench.store, "OFF-1", OFFICER)
    await open_account(bench.store, "OFF-2", OFFICER)
    await open_account(bench.store, "PH-1", "Pharmacist")
    await open_account(bench.store, "REG-1", "Medical Marijuana Registry")
    await link(bench.store, "DEL-1", "DR-1")
    for officer in ("OFF-1", "OFF-2"):
        await train(bench, officer)
    return bench


async def train(bench: Bench, officer: str) -> None:
    """The officer has completed the training."""
    await bench.store.write(lambda tx: agencies.train(tx, officer, trained_on=NOW.date(), by="a@example.org", now=NOW))


def review(reviewer: str, on_behalf_of: str | None = None, **changes: Any) -> ReviewRecorded:
    """A review made an hour ago."""
    made: dict[str, Any] = {"patient": ROBIN, "reviewed_at": NOW - timedelta(hours=1)} | changes
    return ReviewRecorded(reviewer=reviewer, on_behalf_of=on_behalf_of, **made)


def query(requester: str, on_behalf_of: str | None = None, case_number: str | None = None) -> ReviewRequested:
    """A query of the same patient's record."""
    return ReviewRequested(requester=requester, patient=ROBIN, on_behalf_of=on_behalf_of, case_number=case_number)


def code(outcome: Outcome) -> str | None:
    """Why it was refused, either way; None when it was not."""
    if isinstance(outcome, Refuse):
        return outcome.code
    assert isinstance(outcome, Done)
    return None


async def reviewed(bench: Bench, patient_id: str) -> set[tuple[str, str, str]]:
    """The numbers and days of a patient's reviews."""
    found = await bench.store.read(lambda tx: reviews.of_patients(tx, [patient_id]))
    return {(one.numbers.dea, one.numbers.npi, one.reviewed_on.isoformat()) for one in found}


async def test_r56_a_delegates_review_counts_for_the_supervisor(clinic: Bench) -> None:
    """Own and delegated reviews of one patient stand under the same numbers; the answer names the patient."""
    own, delegated = await clinic.send(review("DR-1")), await clinic.send(review("DEL-1", "DR-1"))
    assert own == delegated
    assert isinstance(own, Done)
    assert own.result is not None
    patient_id = str(own.result["patient_id"])
    assert await reviewed(clinic, patient_id) == {("AB1234563", "1234567893", "2026-06-15")}
    assert await clinic.count("reviews") == 2
    by_id = await clinic.send(review("DR-2", patient=NamedPatient(patient_id=patient_id)))
    assert by_id == own
    assert ("AS1234563", "", "2026-06-15") in await reviewed(clinic, patient_id)


async def test_r51_a_review_is_of_its_own_local_day(clinic: Bench) -> None:
    """23:59 in New York is that day's review, whatever the day is in UTC."""
    late = NOW.replace(day=15, hour=3, minute=59)
    outcome = await clinic.send(review("DR-2", reviewed_at=late))
    assert isinstance(outcome, Done)
    assert outcome.result is not None
    assert {day for _, _, day in await reviewed(clinic, str(outcome.result["patient_id"]))} == {"2026-06-14"}


@pytest.mark.parametrize(
    ("reviewer", "on_behalf_of", "refused"),
    [
        ("DEL-1", None, "supervisor_missing"),
        ("DEL-1", "DR-2", "not_linked"),
        ("DR-1", "DR-2", "not_a_delegate"),
        ("DR-9", None, "account_not_active"),
        ("OFF-1", None, "no_reviews"),
        ("REG-1", None, "no_reviews"),
    ],
)
async def test_r7_who_may_not_review(clinic: Bench, reviewer: str, on_behalf_of: str | None, refused: str) -> None:
    """A delegate acts for linked supervisors only, others for themselves; law enforcement reviews nobody."""
    assert code(await clinic.send(review(reviewer, on_behalf_of))) == refused
    assert await clinic.count("reviews") == 0


async def test_r23_an_unlinked_delegate_no_longer_acts_at_once(clinic: Bench) -> None:
    """The same delegate is refused as soon as the link has ended, and while the supervisor is suspended."""
    await clinic.change("UPDATE accounts SET state = 'suspended' WHERE account_id = 'DR-1'")
    assert code(await clinic.send(review("DEL-1", "DR-1"))) == "not_linked"
    assert code(await clinic.send(review("DR-1"))) == "account_not_active"
    await clinic.change("UPDATE accounts SET state = 'active' WHERE account_id = 'DR-1'")
    await clinic.change("UPDATE delegate_links SET state = 'ended'")
    assert code(await clinic.send(review("DEL-1", "DR-1"))) == "not_linked"


async def test_r7_a_link_does_not_reach_back(clinic: Bench) -> None:
    """What a delegate did for a prescriber before the link was approved counts for nobody."""
    await open_account(clinic.store, "DR-3", PRESCRIBER)
    asks = DelegateLinked(delegate="del-1@example.org", supervisor="dr-3@example.org", by="supervisor")
    assert isinstance(await clinic.send(asks), Done)
    assert code(await clinic.send(review("DEL-1", "DR-3"))) == "not_linked"
    assert code(await clinic.send(review("DEL-1", "DR-3", reviewed_at=NOW))) is None


async def test_a_review_is_not_recorded_before_it_was_made(clinic: Bench) -> None:
    """A time in the future is refused by field."""
    outcome = await clinic.send(review("DR-1", reviewed_at=NOW + timedelta(seconds=1)))
    assert isinstance(outcome, Refuse)
    assert outcome.field == "reviewed_at"


async def test_r24_law_enforcement_needs_an_active_case_of_its_own(clinic: Bench) -> None:
    """Without a number, with an unknown one, another officer's or a closed one the query is refused and recorded."""
    assert code(await clinic.send(query("OFF-1"))) == "no_active_case"
    assert code(await clinic.send(query("OFF-1", case_number="C-1"))) == "no_active_case"
    assert isinstance(await clinic.send(ReviewCaseOpened(account_id="OFF-1", case_number="C-1")), Done)
    assert code(await clinic.send(query("OFF-1", case_number="C-1"))) is None
    assert code(await clinic.send(query("OFF-2", case_number="C-1"))) == "no_active_case"
    assert isinstance(await clinic.send(ReviewCaseClosed(account_id="OFF-1", case_number="C-1")), Done)
    assert code(await clinic.send(query("OFF-1", case_number="C-1"))) == "no_active_case"
    assert await clinic.count("refused_queries") == 4
    assert await clinic.count("patient_queries") == 1


async def test_r8_law_enforcement_asks_nothing_before_the_training(clinic: Bench) -> None:
    """An active case is not enough; with the training on record the same query is granted."""
    await open_account(clinic.store, "OFF-3", OFFICER)
    assert isinstance(await clinic.send(ReviewCaseOpened(account_id="OFF-3", case_number="C-3")), Done)
    assert code(await clinic.send(query("OFF-3", case_number="C-3"))) == "training_missing"
    await train(clinic, "OFF-3")
    assert code(await clinic.send(query("OFF-3", case_number="C-3"))) is None


async def test_r24_cases_open_and_close_once(clinic: Bench) -> None:
    """A case is open once at a time, closed once, and may be opened again; only law enforcement has cases."""
    opened, closed = (kind(account_id="OFF-1", case_number="C-1") for kind in (ReviewCaseOpened, ReviewCaseClosed))
    assert code(await clinic.send(closed)) == "case_not_open"
    assert [code(await clinic.send(one)) for one in (opened, opened, closed, closed, opened)] == [
        None, "case_open", None, "case_not_open", None,
    ]  # fmt: skip
    assert code(await clinic.send(ReviewCaseOpened(account_id="DR-1", case_number="C-2"))) == "no_cases"


async def test_r24_a_refusal_is_recorded_without_the_patient(clinic: Bench) -> None:
    """Who, when, why and for whom stand in the trail; nothing of the patient does."""
    assert code(await clinic.send(query("DEL-1", "DR-2"))) == "not_linked"
    columns = await clinic.store._reader.execute_fetchall("SELECT name FROM pragma_table_info('refused_queries')")
    assert not {"patient_key", "patient_id"} & {name for (name,) in columns}


@pytest.mark.parametrize(
    ("requester", "on_behalf_of", "refused"),
    [
        ("DR-1", None, None),
        ("PH-1", None, None),
        ("DEL-1", "DR-1", None),
        ("DEL-1", "DR-2", "not_linked"),
        ("REG-1", None, "no_queries"),
        ("NOBODY", None, "account_not_active"),
    ],
)
async def test_r61_who_may_query(clinic: Bench, requester: str, on_behalf_of: str | None, refused: str | None) -> None:
    """What a role may ask is data; granted and refused queries are both recorded, each in its own trail (R60)."""
    outcome = await clinic.send(query(requester, on_behalf_of))
    assert code(outcome) == refused
    assert await clinic.count("patient_queries") == (refused is None)
    assert await clinic.count("refused_queries") == (refused is not None)


async def test_r24_a_query_of_one_of_two_says_which(clinic: Bench) -> None:
    """Of a key that two share the refusal is recorded like any; with a ZIP code it is granted, and kept with who was meant."""
    granted = await clinic.send(query("DR-1"))
    assert isinstance(granted, Done)
    assert granted.result is not None
    key = str(granted.result["patient_id"])
    assert isinstance(
        await clinic.send(PatientToldApart(patient_id=key, administrator="a@example.org", reason="Two persons.")), Done
    )
    of_both = query("DR-1").model_copy(update={"patient": NamedPatient(patient_id=key)})
    assert code(await clinic.send(of_both)) == "told_apart"
    assert await clinic.count("refused_queries") == 1
    granted = await clinic.send(query("DR-1"))
    assert isinstance(granted, Done)
    assert granted.result is not None
    one = str(granted.result["patient_id"])
    rows = await clinic.store._reader.execute_fetchall("SELECT patient_key, part FROM patient_queries")
    assert [tuple(row) for row in rows] == [(key, one.removeprefix(key))] * 2
