"""A prescriber's duties.

Sam prescribes a controlled drug to two patients. The pharmacy reports three fills for each: from the second on the
treatment is continuous, and its record must be reviewed every 90 days. Sam is told 14, 7 and 1 days before and on the
day, one digest however many patients. Lee, a delegate, reviews one patient for Sam; the other becomes overdue and is
told of weekly, until the pharmacy voids all but one of the fills and the duty ends. What Sam prescribed without looking
first stands in the administrators' digest (R49, R51, R52, R54-R56, R27).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from messages.approval import ApprovalSupervisorDecided
from messages.asap.writer import Dispensing, write_transaction
from messages.dispensation import DispensationFileSubmitted
from messages.patient import IdentifyingFacts, NamedPatient
from messages.review import ReviewRecorded
from tests.stories.conftest import Settle
from tests.stories.people import ADMINISTRATOR, DOCUMENTS, Person, approves, is_judged, joins, registers, shows
from tests.stories.place import Place

BEGINS_AT = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
SAM = Person("Sam", "Surgeon", "Physician (MD/DO)", dea="AS1234563")
LEE = Person("Lee", "Helper", "Prescriber Delegate – Licensed")
PHARMACY = {"PHA01": "1234567893", "PHA02": "0700004", "PHA03": "AB1234563", "PHA04": "EXAMPLE PHARMACY"}
ROBIN, JULES = "ROBIN", "JULES"
BEGAN_ON = date(2026, 3, 2)
DUE_ON = BEGAN_ON + timedelta(days=90)


async def test_a_prescribers_duties(settle_on_postgres: Settle) -> None:
    """The whole story, as Sam, Lee and the pharmacy live it."""
    place = await settle_on_postgres(BEGINS_AT)
    code, _ = await place.site.pmp("drugs", "load", "--example")
    assert code == 0
    await joins(place, SAM)
    await lee_joins(place)
    await two_treatments_begin(place)
    await is_reminded_on_the_right_days(place)
    await a_delegate_reviews_one(place)
    await a_voided_record_ends_the_other(place)
    told = b"\n".join(mail.content for mail in place.sink.mails).upper()
    assert not [word for word in (b"QUILLFEATHER", ROBIN.encode(), JULES.encode(), b"OPIOID") if word in told]
    await place.is_in_order()


async def lee_joins(place: Place) -> None:
    """Lee may act for Sam (R7)."""
    await registers(place, LEE, supervisors=(SAM.email,))
    await place.portal.does(
        ApprovalSupervisorDecided, registration_id=LEE.name, supervisor=SAM.email, decision="approve"
    )
    for document in DOCUMENTS:
        await shows(place, LEE, document)
        await is_judged(place, LEE, document)
    assert (await approves(place, LEE)).status == "accepted"


def fill(patient: str, number: int, *, status: str = "00") -> Dispensing:
    """The patient's fill of this number: 28 days' supply, 28 days after the one before, of one written prescription each."""
    on = f"{BEGAN_ON + timedelta(days=28 * number):%Y%m%d}"
    return Dispensing({
        "PAT07": "QUILLFEATHER", "PAT08": patient, "PAT12": "17 SAMPLEWOOD ST", "PAT14": "HARTFORD", "PAT15": "CT",
        "PAT16": "06103", "PAT18": "19800101", "PAT19": "F", "PAT20": "01", "DSP01": status,
        "DSP02": f"{patient}{number}", "DSP03": on, "DSP04": "0", "DSP05": on, "DSP06": "0", "DSP07": "01",
        "DSP08": "00406051201", "DSP09": "56", "DSP10": "28", "DSP11": "01", "DSP12": "05", "DSP13": "00", "DSP16": "04",
        "PRE01": SAM.npi, "PRE02": SAM.dea, "PRE05": "SURGEON", "PRE06": "SAM",
    })  # fmt: skip


async def reports(place: Place, transaction: str, *fills: Dispensing) -> None:
    """The pharmacy hands in a file, and treatments follow."""
    written_at = place.clock().astimezone(place.programme.policy.zone)
    body = write_transaction("4.2B", transaction, written_at, [(PHARMACY, fills)])
    report = await place.portal.does(DispensationFileSubmitted, body=body, file_name=f"{transaction}.dat")
    assert report["faults"] == []
    await place.counts_treatments()


async def two_treatments_begin(place: Place) -> None:
    """Three fills each; what was prescribed without a review in time is counted for the administrators (R51, R54)."""
    for number in range(3):
        await place.day_comes(BEGAN_ON + timedelta(days=28 * number))
        await reports(place, f"FILE-{number}", fill(ROBIN, number), fill(JULES, number))
    await place.day_comes(place.today + timedelta(days=1))
    digest = (await place.reads(ADMINISTRATOR))[-1]
    assert "AS1234563, 4 times" in digest.text, "the first two fills are longer ago than 30 days"


async def digests(place: Place) -> Sequence[str]:
    """The subjects of the digests that Sam has got since the last look."""
    return [letter.subject for letter in await place.reads(SAM.email) if "Reviews due" in letter.subject]


async def is_reminded_on_the_right_days(place: Place) -> None:
    """14, 7 and 1 days before and on the day, and on no other: one digest for both patients (R55)."""
    await digests(place)
    for days_left in (15, 14, 13, 8, 7, 6, 2, 1, 0):
        await place.day_comes(DUE_ON - timedelta(days=days_left))
        wanted = ["Reviews due: 2"] if days_left in (14, 7, 1, 0) else []
        assert await digests(place) == wanted, days_left


async def a_delegate_reviews_one(place: Place) -> None:
    """Lee's review counts as Sam's: only the other patient is overdue a week later (R52, R56)."""
    facts = IdentifyingFacts(
        last_name="QUILLFEATHER", first_name=ROBIN, date_of_birth=date(1980, 1, 1), gender="F", zip="06103"
    )
    await place.portal.does(
        ReviewRecorded,
        reviewer=LEE.name,
        on_behalf_of=SAM.name,
        patient=NamedPatient(facts=facts),
        reviewed_at=place.clock(),
    )
    await place.counts_treatments()
    await place.day_comes(DUE_ON + timedelta(days=1))
    assert await digests(place) == []
    for days in (6, 7, 8):
        await place.day_comes(DUE_ON + timedelta(days=days))
        assert await digests(place) == (["Reviews due: 0, overdue: 1"] if days == 7 else []), days


async def a_voided_record_ends_the_other(place: Place) -> None:
    """Two of the three fills are withdrawn: one supply of 28 days is no treatment to review, and Sam is left alone (R49, R52)."""
    voids = [replace(fill(JULES, number, status="02")) for number in (1, 2)]
    await reports(place, "VOIDS", *voids)
    for days in (14, 21):
        await place.day_comes(DUE_ON + timedelta(days=days))
        assert await digests(place) == []
