"""A state trooper's access.

Jo is on the list of the agency's commissioner, so an administrator may approve; before that nobody may. Until the
training in person access is limited: not even with a case number does Jo see a patient's record. After it Jo asks
without a case, which is refused, recorded, and before the administrators at once; with an active case number the record
is granted, until the case is closed. Then a newer list leaves Jo out: the administrators read it every morning until
they have decided (R6, R8, R20, R24, R25).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from messages.account import AccountDeactivated
from messages.approval import ApprovalAgencyListReceived, ApprovalTrainingCompleted, ListedPerson
from messages.patient import IdentifyingFacts, NamedPatient
from messages.review import ReviewCaseClosed, ReviewCaseOpened, ReviewRequested
from tests.stories.conftest import Settle
from tests.stories.letters import Letter
from tests.stories.people import ADMINISTRATOR, Person, approves, registers
from tests.stories.place import Place

BEGINS_AT = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
JO = Person("Jo", "Trooper", "State Police")
MAX = Person("Max", "Elsewhere", "State Police")
PATIENT = NamedPatient(
    facts=IdentifyingFacts(
        last_name="Quillfeather", first_name="Robin", date_of_birth=date(1980, 1, 1), gender="F", zip="06103"
    )
)
CASE = "CFS-2026-0042"


async def test_a_state_troopers_access(settle_on_postgres: Settle) -> None:
    """The whole story, as Jo and the administrators live it."""
    place = await settle_on_postgres(BEGINS_AT)
    await is_approved_once_listed(place)
    await sees_nothing_before_the_training(place)
    await asks_without_and_with_a_case(place)
    await is_dropped_from_the_list(place)
    assert not any(b"quillfeather" in mail.content.lower() for mail in place.sink.mails)
    await place.is_in_order()


async def is_approved_once_listed(place: Place) -> None:
    """The list may come before or after the registration; an older one than the present is refused (R8)."""
    await registers(place, JO)
    refused = await approves(place, JO)
    assert [fault.code for fault in refused.faults] == ["not_listed"]
    await the_agency_lists(place, MAX)
    assert (await approves(place, JO)).code == "not_ready"
    await place.day_comes(date(2026, 3, 3))
    await the_agency_lists(place, JO, MAX)
    late = {"agency": JO.agency, "official_name": "Chris Example", "official_title": "Commissioner"}
    of_yesterday = late | {"sent_on": date(2026, 3, 2), "persons": (), "administrator": ADMINISTRATOR}
    assert await place.portal.is_refused(ApprovalAgencyListReceived, **of_yesterday) == "superseded"
    assert (await approves(place, JO)).status == "accepted"
    approved = await place.reads_one(JO.email, "Your registration is approved")
    assert "Your access is limited until the 30-minute training in person is completed." in approved.text


async def the_agency_lists(place: Place, *persons: Person) -> None:
    """The highest-ranking official's list of today names these people, and no one else."""
    await place.portal.does(
        ApprovalAgencyListReceived, agency=JO.agency, official_name="Chris Example", official_title="Commissioner",
        sent_on=place.today, administrator=ADMINISTRATOR,
        persons=tuple(ListedPerson(name=f"{one.name} {one.last_name}", email=one.email) for one in persons),
    )  # fmt: skip


async def sees_nothing_before_the_training(place: Place) -> None:
    """A case may be opened, but opens no record; the training does, and Jo is told (R8)."""
    await place.portal.does(ReviewCaseOpened, account_id=JO.name, case_number=CASE)
    assert await queries(place, case_number=CASE) == "training_missing"
    training = {"registration_id": JO.name, "administrator": ADMINISTRATOR}
    tomorrow = place.today + timedelta(days=1)
    assert await place.portal.is_refused(ApprovalTrainingCompleted, **training, trained_on=tomorrow) == "in_the_future"
    await place.portal.does(ApprovalTrainingCompleted, **training, trained_on=place.today)
    await place.reads_one(JO.email, "Your access is complete")


async def queries(place: Place, *, case_number: str | None = None) -> str | None:
    """Jo asks for a patient's record; why it is not granted."""
    answer = await place.portal.ask(ReviewRequested, requester=JO.name, patient=PATIENT, case_number=case_number)
    return answer.code


async def asks_without_and_with_a_case(place: Place) -> None:
    """Only an active case number of Jo's own opens the record, and what was refused is looked into (R24, R25)."""
    await place.reads(ADMINISTRATOR)
    assert await queries(place) == "no_active_case"
    await place.reads_one(ADMINISTRATOR, "A report of conduct to look at")
    assert await queries(place, case_number="CFS-2026-9999") == "no_active_case"
    assert await place.reads(ADMINISTRATOR) == [], "one case for one person's day"
    assert await queries(place, case_number=CASE) is None
    await place.portal.does(ReviewCaseClosed, account_id=JO.name, case_number=CASE)
    assert await queries(place, case_number=CASE) == "no_active_case"
    digest = await morning_digest(place)
    assert "Jo, no active case, 3 times" in digest.text
    assert "Jo, training missing, once" in digest.text
    used = place.site.counted.number("SELECT count(*) FROM patient_queries WHERE case_number = ?", CASE)
    assert used == 1


async def morning_digest(place: Place) -> Letter:
    """What the administrators read on the next day."""
    await place.day_comes(place.today + timedelta(days=1))
    return await place.reads_one(ADMINISTRATOR, "What waits on")


async def is_dropped_from_the_list(place: Place) -> None:
    """Being left out ends nothing by itself; it stands in the digest until an administrator has decided (R8, R20)."""
    assert "not on the list" not in (await morning_digest(place)).text
    await the_agency_lists(place, MAX)
    for _ in range(2):
        assert f"Jo, {JO.agency}, not on the list of March 5, 2026" in (await morning_digest(place)).text
    await place.portal.does(AccountDeactivated, account_id=JO.name, administrator=ADMINISTRATOR, ground="not_eligible")
    await place.reads_one(JO.email, "Your account has been deactivated")
    assert await queries(place, case_number=CASE) == "account_not_active"
    assert "not on the list" not in (await morning_digest(place)).text
