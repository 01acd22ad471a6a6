"""What the programme asks by itself, and who is who: invitations, rosters, patients merged and split (R5, R23, R28)."""

from __future__ import annotations

from datetime import date

from messages.credential import CredentialRosterReceived, CspHolder
from messages.delegate import DelegateConfirmed
from messages.patient import PatientMerged, PatientSplit
from workers.simulation.story.accounts import Accounts
from workers.simulation.story.cast import DENTIST, LICENSED, NURSE, PHYSICIAN, Cast, Person
from workers.simulation.story.joining import Steps
from workers.simulation.story.script import CHIEF, DEPUTY, Script, moment, on

UNKNOWN_YET = "0" * 32
"""Stands in a script where the stage puts a patient's id, which the portal knows from an earlier answer."""


def mandates_of_the_month(script: Script, cast: Cast) -> None:
    """Everything of this kind is in the script."""
    _invitations(Steps(script), cast)
    _rosters(script, cast)
    _who_is_who(script, cast)


def _invitations(steps: Steps, cast: Cast) -> None:
    """R5: invited and silent, invited and comes, asks for access already and gives up, lapses before, has no address."""
    silent, comes, gives_up, lapses = (cast.person(role) for role in (PHYSICIAN, NURSE, DENTIST, PHYSICIAN))
    holders = tuple(_holder(one) for one in (silent, comes, gives_up))
    ends = (_holder(lapses, on(2)), CspHolder(csp_number="CSP.90007", name="Holder Example"))
    for day in (1, 20):
        roster = CredentialRosterReceived(as_of=moment(day, "12:00"), holders=(*holders, *ends))
        steps.script.say(day, "12:40", roster)
    steps.submit(gives_up, 1, "09:15")
    steps.verify(gives_up, 1, "09:45")
    steps.withdraw(gives_up, 5, "10:15")
    steps.joins_in_a_day(comes, 3)


def _holder(one: Person, ends_on: date | None = None) -> CspHolder:
    name = f"{one.first_name} {one.last_name}"
    return CspHolder(csp_number=one.csp, name=name, email=one.email, expires_on=ends_on)


def _rosters(script: Script, cast: Cast) -> None:
    """R23: links made half a year ago: asked and confirmed, asked again and again, confirmed in between."""
    steps, accounts = Steps(script), Accounts(script, cast)
    confirms, waits, has_confirmed = (cast.person(PHYSICIAN) for _ in range(3))
    delegates = {one.registration_id: cast.person(LICENSED, one) for one in (confirms, waits, has_confirmed)}
    for day, one in enumerate((confirms, waits, has_confirmed), start=-178):
        steps.joins_in_a_day(one, day - 1)
        delegate = delegates[one.registration_id]
        steps.joins_in_a_day(delegate, day)
        for each in (one, delegate):  # before it expired; nothing else of that time is told
            accounts.change(each, day + 85, "13:10")
            accounts.change(each, -20, "13:10")
    for one, day in ((confirms, 4), (has_confirmed, -100)):
        message = DelegateConfirmed(supervisor=one.email, delegates=(delegates[one.registration_id].email,))
        script.say(day, "15:50", message)


def _who_is_who(script: Script, cast: Cast) -> None:
    """R28: two names are one patient, a third joins them; what was merged is split, what was not cannot be."""
    one, other, third = (each.last_name for each in cast.patients[3:6])
    merged = PatientMerged(patient_id=UNKNOWN_YET, same_as=(UNKNOWN_YET,), administrator=CHIEF, reason="One person.")
    split = PatientSplit(patient_id=UNKNOWN_YET, split_off=UNKNOWN_YET, administrator=DEPUTY, reason="Two persons.")
    by_nobody = merged.model_copy(update={"administrator": "somebody@people.example.org"})
    script.say(2, "14:10", by_nobody, patient=one, same_as=(other,))
    script.say(2, "14:15", split, patient=one, same_as=(other,))  # not merged yet
    for day in range(3, script.days, 8):
        script.say(day, "14:10", merged, patient=one, same_as=(other,))
        script.say(day, "14:15", merged, patient=one, same_as=(other,))
        script.say(day + 1, "14:10", merged, patient=third, same_as=(other,))  # both of them
        script.say(day + 3, "14:10", split, patient=third, same_as=(one,))
        script.say(day + 3, "14:15", split, patient=third, same_as=(one,))
        script.say(day + 5, "14:10", split, patient=third, same_as=(other,))
