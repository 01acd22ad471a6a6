"""Reviews, queries with and without a case, alerts about patients (R24, R28, R51–R56)."""

from __future__ import annotations

from messages.patient import PatientAlertPosted, PatientAlertWithdrawn
from messages.review import ReviewCaseClosed, ReviewCaseOpened, ReviewRecorded, ReviewRequested
from workers.simulation.story.cast import EXAMINER, POLICE, REGISTRY, Cast, Patient, Person
from workers.simulation.story.people import People
from workers.simulation.story.script import CHIEF, Script, moment


def reviews_of_the_month(script: Script, cast: Cast, people: People, newcomer: Person) -> None:
    """Everything of this kind is in the script."""
    chance = cast.chance
    for day in range(script.days):
        for _ in range(3):
            reviewer = chance.choice([*people.prescribers, *people.delegates])
            made_for = reviewer.supervisors[0] if reviewer.supervisors and chance.random() < 0.8 else None
            _review(script, day, "11:50", reviewer, chance.choice(cast.patients), made_for)
        asker = chance.choice([*people.prescribers, *people.of(EXAMINER, REGISTRY)])
        message = ReviewRequested(requester=asker.registration_id, patient=chance.choice(cast.patients).named)
        script.say(day, "12:05", message)
    _officers(script, cast, people.of(POLICE)[0], people.of(POLICE)[1], newcomer)
    _alerts(script, cast, people)


def _review(script: Script, day: int, hour: str, reviewer: Person, patient: Patient, made_for: Person | None) -> None:
    message = ReviewRecorded(
        reviewer=reviewer.registration_id, patient=patient.named, reviewed_at=moment(day, "11:30"),
        on_behalf_of=made_for.registration_id if made_for is not None else None,
    )  # fmt: skip
    script.say(day, hour, message, patient=patient.last_name)


def _officers(script: Script, cast: Cast, one: Person, other: Person, newcomer: Person) -> None:
    """With a case of one's own, without, with another's, and after its end (R24)."""
    patient = cast.patients[2].named
    script.say(1, "12:00", ReviewCaseOpened(account_id=one.registration_id, case_number="CASE-7"))
    script.say(1, "12:05", ReviewCaseOpened(account_id=one.registration_id, case_number="CASE-7"))
    asked = ReviewRequested(requester=one.registration_id, patient=patient, case_number="CASE-7")
    script.say(2, "12:00", asked)
    script.say(2, "12:02", asked.model_copy(update={"case_number": None}))
    script.say(2, "12:04", asked.model_copy(update={"requester": other.registration_id}))
    untrained = ReviewCaseOpened(account_id=newcomer.registration_id, case_number="CASE-8")
    script.say(3, "12:00", untrained)
    for day in (3, 5):  # the training is on the day between
        asks = ReviewRequested(requester=newcomer.registration_id, patient=patient, case_number="CASE-8")
        script.say(day, "12:10", asks)
    script.say(5, "12:00", ReviewCaseClosed(account_id=one.registration_id, case_number="CASE-7"))
    script.say(6, "12:00", asked)
    script.say(6, "12:02", ReviewCaseClosed(account_id=one.registration_id, case_number="CASE-7"))


def _alerts(script: Script, cast: Cast, people: People) -> None:
    """Posted, and withdrawn by another (refused), the author, an administrator (R28)."""
    one, other = people.prescribers[5:7]
    for place, day in enumerate(range(1, script.days, 4)):
        patient = cast.patients[place % len(cast.patients)]
        message = PatientAlertPosted(
            alert_id=f"A-{day}", author=one.registration_id, patient=patient.named, concern="diversion",
            text=f"{patient.first_name} {patient.last_name} sells what I prescribe.",
        )  # fmt: skip
        script.say(day, "12:15", message)
        script.say(day + 1, "12:15", PatientAlertWithdrawn(alert_id=f"A-{day}", author=other.registration_id))
        script.say(day + 2, "12:15", PatientAlertWithdrawn(alert_id=f"A-{day}", author=one.registration_id))
    script.say(3, "12:20", PatientAlertWithdrawn(alert_id="A-1", administrator=CHIEF))
    script.say(6, "12:20", PatientAlertWithdrawn(alert_id="A-5", administrator=CHIEF))
