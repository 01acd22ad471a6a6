"""A delegate of two supervisors.

Lee works for two physicians and names both in the registration. Sam approves, Kim refuses; one approval is enough, and
an administrator approves Lee. Lee acts on Sam's behalf and is refused on Kim's. Then Sam is suspended: Lee is told, and
may not act until Sam is back. After 180 days Sam is asked to confirm the list of delegates, is asked again after a
month, confirms, and is left alone (R7, R23, R56).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from messages.account import AccountReinstated, AccountSuspended
from messages.approval import ApprovalSupervisorDecided
from messages.delegate import DelegateConfirmed, DelegateUnlinked
from messages.patient import IdentifyingFacts, NamedPatient
from messages.review import ReviewRecorded, ReviewRequested
from tests.stories.conftest import Settle
from tests.stories.people import ADMINISTRATOR, DOCUMENTS, Person, approves, is_judged, joins, registers, shows
from tests.stories.place import Place

BEGINS_AT = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
SAM = Person("Sam", "Surgeon", "Physician (MD/DO)")
KIM = Person("Kim", "Keeper", "Physician (MD/DO)")
LEE = Person("Lee", "Helper", "Prescriber Delegate – Licensed")
PATIENT = NamedPatient(
    facts=IdentifyingFacts(
        last_name="Quillfeather", first_name="Robin", date_of_birth=date(1980, 1, 1), gender="F", zip="06103"
    )
)


async def test_a_delegate_of_two_supervisors(settle: Settle) -> None:
    """The whole story, as Lee and the two supervisors live it."""
    place = await settle(BEGINS_AT)
    await joins(place, SAM)
    await joins(place, KIM)
    await is_approved_by_one_of_two(place)
    await acts_for_that_one_only(place)
    await may_not_act_while_the_supervisor_is_suspended(place)
    await the_roster_is_confirmed(place)
    assert not any(b"quillfeather" in mail.content.lower() for mail in place.sink.mails)
    await place.is_in_order()


async def is_approved_by_one_of_two(place: Place) -> None:
    """Both are asked and Lee knows; one approval and the documents are what an administrator waits for (R4, R7)."""
    await registers(place, LEE, supervisors=(SAM.email, KIM.email))
    for supervisor in (SAM, KIM):
        asked = await place.reads_one(supervisor.email, "A delegate asks for your approval (Lee)")
        assert "Lee Helper has registered as a delegate and named you as supervisor" in asked.text
    told = {letter.subject: letter.text for letter in await place.reads(LEE.email)}
    assert "Sam Surgeon" in told["Your supervisor has been asked (Lee)"]
    assert "Documents needed for your registration (Lee)" in told
    for document in DOCUMENTS:
        await shows(place, LEE, document)
        await is_judged(place, LEE, document)
    refused = await approves(place, LEE)
    assert [(fault.field, fault.code) for fault in refused.faults] == [("supervisors", "supervisor_missing")]
    assert await decides(place, KIM, "refuse") is None
    assert await place.reads(LEE.email) == [], "another supervisor may still approve"
    assert await decides(place, SAM, "approve") is None
    assert await decides(place, KIM, "approve") == "nothing_asked"
    assert (await approves(place, LEE)).status == "accepted"
    approved = await place.reads_one(LEE.email, "Your registration is approved")
    assert "Sam Surgeon" in approved.text
    assert "Kim Keeper" not in approved.text


async def decides(place: Place, supervisor: Person, decision: str) -> str | None:
    """A supervisor decides on Lee; why that does not count."""
    answer = await place.portal.ask(
        ApprovalSupervisorDecided, registration_id=LEE.name, supervisor=supervisor.email, decision=decision
    )
    return answer.code


async def acts_for_that_one_only(place: Place) -> None:
    """A review counts for Sam and is refused for Kim, for nobody, and of somebody who is no delegate (R7, R56)."""
    assert await reviews(place, LEE, for_whom=SAM) is None
    assert await reviews(place, LEE, for_whom=KIM) == "not_linked"
    assert await reviews(place, LEE) == "supervisor_missing"
    assert await reviews(place, KIM, for_whom=SAM) == "not_a_delegate"
    assert await reviews(place, KIM) is None


async def reviews(place: Place, reviewer: Person, *, for_whom: Person | None = None) -> str | None:
    """Somebody has reviewed a patient's record; why that does not count."""
    answer = await place.portal.ask(
        ReviewRecorded, reviewer=reviewer.name, patient=PATIENT, reviewed_at=place.clock(),
        on_behalf_of=for_whom.name if for_whom else None,
    )  # fmt: skip
    return answer.code


async def may_not_act_while_the_supervisor_is_suspended(place: Place) -> None:
    """Lee hears of it without the reason; a query is refused until Sam is back, then granted without new approval (R23)."""
    reason = "A matter that is nobody else's."
    await place.portal.does(
        AccountSuspended, account_id=SAM.name, administrator=ADMINISTRATOR, ground="agreement_breach", reason=reason
    )
    assert reason in (await place.reads_one(SAM.email, "Your account is suspended")).text
    told = await place.reads_one(LEE.email, "You cannot act for one of your supervisors for now")
    assert "Sam Surgeon" in told.text
    assert reason not in told.text
    assert await reviews(place, LEE, for_whom=SAM) == "not_linked"
    query = {"requester": LEE.name, "patient": PATIENT, "on_behalf_of": SAM.name}
    assert await place.portal.is_refused(ReviewRequested, **query) == "not_linked"
    await place.day_comes(place.today + timedelta(days=1))
    (digest,) = await place.reads(ADMINISTRATOR)
    assert "Lee, not linked, once" in digest.text
    await place.portal.does(AccountReinstated, account_id=SAM.name, administrator=ADMINISTRATOR)
    await place.reads_one(SAM.email, "Your account is active again")
    assert (await place.portal.does(ReviewRequested, **query))["patient_id"]


async def the_roster_is_confirmed(place: Place) -> None:
    """Asked after 180 days and a month later; a list that differs is refused, the right one keeps Sam for 180 days more (R23)."""
    linked_on = date(2026, 3, 2)
    await place.day_comes(linked_on + timedelta(days=179))
    assert await rosters_asked_for(place) == []
    for day in (180, 181, 209, 210, 211):
        await place.day_comes(linked_on + timedelta(days=day))
        assert len(await rosters_asked_for(place)) == (1 if day in (180, 210) else 0), day
    confirmation = {"supervisor": SAM.email, "delegates": (LEE.email,)}
    assert await place.portal.is_refused(DelegateConfirmed, **(confirmation | {"delegates": ()})) == "roster_differs"
    await place.portal.does(DelegateConfirmed, **confirmation)
    confirmed_on = place.today
    await place.day_comes(confirmed_on + timedelta(days=179))
    assert await rosters_asked_for(place) == []
    await place.day_comes(confirmed_on + timedelta(days=180))
    assert len(await rosters_asked_for(place)) == 1
    await place.portal.does(DelegateUnlinked, delegate=LEE.email, supervisor=SAM.email, by="supervisor")
    assert "ended" in (await place.reads(LEE.email))[-1].subject
    assert await reviews(place, LEE, for_whom=SAM) == "not_linked"
    await place.portal.does(DelegateConfirmed, **(confirmation | {"delegates": ()}))


async def rosters_asked_for(place: Place) -> list[str]:
    """What Sam was asked to confirm since the last look, and nobody else was."""
    assert not [letter for letter in await place.reads(KIM.email) if "list of delegates" in letter.subject]
    letters = [letter for letter in await place.reads(SAM.email) if "list of delegates" in letter.subject]
    assert all("Your list holds 1 delegate." in letter.text for letter in letters)
    return [letter.text for letter in letters]
