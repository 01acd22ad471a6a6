"""A pharmacy's fortnight.

An administrator registers the pharmacy; its gateway alone may send for it. Monday's file has two faults: the report and
its CSV say which, and name no patient; whoever listens to events reads the same counts. Sent again it changes nothing.
On Tuesday morning a reminder comes; the corrections bring a clean report and end the reminders. Then the pharmacy falls
silent: it is reminded on the first and the third business day, not on the second and not at the weekend, until a zero
report covers all those days. Another gateway sends for it, and is refused (R40-R42, R45-R49, R61).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from pydantic import JsonValue

from messages.asap.writer import Dispensing, write_transaction, write_zero_report
from messages.dispensation import (
    DispensationFileSubmitted,
    DispensationRecordSubmitted,
    Dispenser,
    Patient,
    Prescriber,
)
from messages.dispenser import DispenserRegistered
from tests.stories.conftest import Settle
from tests.stories.listener import Listener, listening
from tests.stories.people import ADMINISTRATOR
from tests.stories.place import Place

BEGINS_AT = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
GATEWAY, RIVAL = "story-gateway", "story-rival"
REPORTS, OWNER = "reports@pharmacy.example.org", "owner@pharmacy.example.org"
PHARMACY = {"PHA01": "1234567893", "PHA02": "0700004", "PHA03": "AB1234563", "PHA04": "EXAMPLE PHARMACY"}
PATIENT = {
    "PAT07": "QUILLFEATHER", "PAT08": "ROBINIA", "PAT12": "17 SAMPLEWOOD ST", "PAT14": "HARTFORD", "PAT15": "CT",
    "PAT16": "06103", "PAT18": "19800101", "PAT19": "F", "PAT20": "01",
}  # fmt: skip
NO_NDC = "NOTANNDC"
ROBINIA = Patient(
    last_name="QUILLFEATHER", first_name="ROBINIA", address="17 SAMPLEWOOD ST", city="HARTFORD", state="CT", zip="06103",
    date_of_birth=date(1980, 1, 1), gender="F",
)  # fmt: skip
SAM = Prescriber(dea="AB1234563", last_name="PRESCRIBER", first_name="SAM")


async def test_a_pharmacys_fortnight(settle: Settle) -> None:
    """The whole story, as the pharmacy and its gateways live it."""
    kinds = ("dispensation.*",)
    place = await settle(
        BEGINS_AT, senders={GATEWAY: kinds, RIVAL: kinds}, PMP_SUBMITTERS=json.dumps({GATEWAY: REPORTS})
    )
    await is_registered(place)
    async with listening(place.site.amqp_url, "submission.processed") as listener:
        await sends_a_file_with_faults(place, listener)
        await sends_it_again(place)
        await sends_corrections(place, listener)
        await falls_silent(place)
        await says_that_there_was_nothing(place, listener)
        assert listener.came.empty(), "nothing was processed twice, and no silent day was"
    await another_gateway_sends_for_it(place)
    told = b"\n".join(mail.content for mail in place.sink.mails).upper()
    assert not [
        word for word in (b"QUILLFEATHER", b"ROBINIA", b"SAMPLEWOOD", b"19800101", b"1980-01-01") if word in told
    ]
    await place.is_in_order()


async def is_registered(place: Place) -> None:
    """The drugs are known, and the pharmacy is with all its numbers (R44, R61)."""
    code, _ = await place.site.pmp("drugs", "load", "--example")
    assert code == 0
    await place.portal.does(
        DispenserRegistered, dea=PHARMACY["PHA03"], npi=PHARMACY["PHA01"], ncpdp=PHARMACY["PHA02"], name="Example Pharmacy",
        dispenser_kind="pharmacy", submitters=(GATEWAY,), contact_email=OWNER,
    )  # fmt: skip


def dispensed(number: str, on: date, **fields: str) -> Dispensing:
    """One record that is right unless a field says otherwise."""
    values = {
        **PATIENT, "DSP01": "00", "DSP02": number, "DSP03": f"{on:%Y%m%d}", "DSP04": "0", "DSP05": f"{on:%Y%m%d}",
        "DSP06": "0", "DSP07": "01", "DSP08": "00406051201", "DSP09": "30", "DSP10": "10", "DSP11": "01",
        "DSP12": "05", "DSP13": "00", "DSP16": "04", "PRE01": "1234567893", "PRE02": "AB1234563",
        "PRE05": "PRESCRIBER", "PRE06": "SAM",
    }  # fmt: skip
    return Dispensing(values | fields)


def file_of(place: Place, transaction: str, *records: Dispensing) -> bytes:
    """The pharmacy's software writes a transaction now."""
    written_at = place.clock().astimezone(place.programme.policy.zone)
    return write_transaction("4.2B", transaction, written_at, [(PHARMACY, records)])


async def sends(place: Place, body: bytes) -> Mapping[str, JsonValue]:
    """The gateway hands in a file; the report it is answered with."""
    return await place.senders[GATEWAY].does(DispensationFileSubmitted, body=body, file_name="of-the-day.dat")


def counts(report: Mapping[str, Any]) -> dict[str, int]:
    """What became of the pharmacy's records; the counts add up (R47)."""
    (pharmacy,) = report["pharmacies"]
    names = ("stored", "with_errors", "duplicates", "revised", "voided", "voids_not_found")
    assert sum(pharmacy[name] for name in names) == pharmacy["total"]
    return {name: pharmacy[name] for name in (*names, "with_warnings") if pharmacy[name]}


def stored(place: Place) -> int:
    """How many records stand in the store."""
    return place.site.counted.number("SELECT count(*) FROM dispensations")


MONDAY = date(2026, 3, 9)
FAULTY = [
    dispensed("700001", MONDAY), dispensed("700002", MONDAY, DSP08=NO_NDC),
    dispensed("700003", MONDAY, PAT18=""), dispensed("700004", MONDAY),
]  # fmt: skip


async def sends_a_file_with_faults(place: Place, listener: Listener) -> None:
    """Two records are stored, two are not; report, attachment and event say so (R46, R47)."""
    await place.day_comes(MONDAY, time(18))
    report = await sends(place, file_of(place, "MONDAY-1", *FAULTY))
    assert counts(report) == {"stored": 2, "with_errors": 2}
    assert stored(place) == 2
    event = await listener.hears()
    assert event == {name: value for name, value in report.items() if name != "faults"}, "the counts, and no record"
    assert (event["transaction"], event["verdict"], event["faults_total"]) == ("MONDAY-1", "accepted", 2)
    assert counts(event) == {"stored": 2, "with_errors": 2}
    letter = await place.reads_one(REPORTS, "File status report: of-the-day.dat")
    assert "Received: March 9, 2026, 6:00 PM EDT" in letter.text
    assert "prescription 700002" in letter.text
    assert "prescription 700003" in letter.text
    rows = letter.files["faults.csv"].splitlines()
    assert rows[0].split(",") == [
        "check",
        "severity",
        "prescription",
        "fill_date",
        "segment",
        "field",
        "line",
        "message",
        "pharmacy",
    ]
    assert list(letter.files) == ["faults.csv"]
    assert [row.split(",")[1:4] for row in rows[1:]] == [
        ["error", "700002", "2026-03-09"], ["error", "700003", "2026-03-09"],
    ]  # fmt: skip
    assert NO_NDC not in "".join(rows), "a value of a record at fault may be anything, a patient's name too"


async def sends_it_again(place: Place) -> None:
    """Not sure that it arrived, the gateway sends the same transaction: same report, nothing twice, no further mail (F11)."""
    body = file_of(place, "MONDAY-1", *FAULTY)
    first = await sends(place, body)
    await place.minutes_pass(5)
    assert await sends(place, body) == first
    assert counts(first) == {"stored": 2, "with_errors": 2}
    assert stored(place) == 2
    assert await place.reads(REPORTS) == []


async def sends_corrections(place: Place, listener: Listener) -> None:
    """Reminded once in the morning; the corrected records are in time, the report is clean, and no reminder follows (R47)."""
    await place.day_comes(date(2026, 3, 10))
    reminder = await place.reads_one(REPORTS, "2 records still to be corrected")
    assert "2 records of an earlier submission" in reminder.text
    assert all(told in reminder.text for told in ("MONDAY-1", "Pharmacy: AB1234563", "March 9, 2026"))
    one = await sends(place, file_of(place, "TUESDAY-1", dispensed("700002", MONDAY)))
    assert counts(one) == {"stored": 1}
    other = await sends(place, file_of(place, "TUESDAY-2", dispensed("700003", MONDAY)))
    assert counts(other) == {"stored": 1}
    events = [await listener.hears(), await listener.hears()]
    assert [(event["transaction"], event["faults_total"]) for event in events] == [("TUESDAY-1", 0), ("TUESDAY-2", 0)]
    clean = await place.reads(REPORTS)
    assert all("Nothing was found that needs your attention." in letter.text for letter in clean)
    assert [letter.files for letter in clean] == [{}, {}]
    await place.day_comes(date(2026, 3, 11))
    assert await place.reads(REPORTS, OWNER) == []


async def falls_silent(place: Place) -> None:
    """What was dispensed on Tuesday was due on Wednesday; the owner hears on Thursday and on Monday (R40, R42)."""
    for day, reminded in ((12, True), (13, False), (14, False), (15, False), (16, True), (17, False)):
        await place.day_comes(date(2026, 3, day))
        letters = await place.reads(OWNER)
        assert len(letters) == reminded, day
        for letter in letters:
            assert "A report is overdue: Example Pharmacy" in letter.subject
            assert "2026-03-11" in letter.text or "March 11, 2026" in letter.text


async def says_that_there_was_nothing(place: Place, listener: Listener) -> None:
    """A zero report covers the silent days and is confirmed; the next missed day is told of anew (R42)."""
    written_at = place.clock().astimezone(place.programme.policy.zone)
    zero = write_zero_report(
        "4.2B", "ZERO-1", written_at, PHARMACY, begins_on=date(2026, 3, 10), ends_on=date(2026, 3, 16)
    )
    assert (await sends(place, zero))["verdict"] == "zero_report"
    event = await listener.hears()
    assert (event["transaction"], event["verdict"]) == ("ZERO-1", "zero_report")
    confirmed = await place.reads_one(REPORTS, "Zero report confirmed")
    assert "March 10, 2026 to March 16, 2026" in confirmed.text
    await place.day_comes(date(2026, 3, 18))
    assert await place.reads(OWNER) == []
    await place.day_comes(date(2026, 3, 19))
    assert "overdue" in (await place.reads_one(OWNER, "A report is overdue")).text


async def another_gateway_sends_for_it(place: Place) -> None:
    """Nothing of it is stored, neither a file's records nor one alone, and no deadline moves; its own gateway may (R61)."""
    await place.reads(ADMINISTRATOR)
    before = stored(place)
    body = file_of(place, "RIVAL-1", dispensed("900001", date(2026, 3, 18)))
    foreign = await place.senders[RIVAL].ask(DispensationFileSubmitted, body=body, file_name="of-the-day.dat")
    assert (foreign.status, foreign.code) == ("refused", "R21")
    assert counts(foreign.result or {}) == {"with_errors": 1}
    await place.reads_one(ADMINISTRATOR, "File status report")
    alone = {
        "dispenser": Dispenser(dea=PHARMACY["PHA03"]), "patient": ROBINIA, "prescriber": SAM, "prescription_number": "900002",
        "written_on": place.today, "refills_authorized": 0, "filled_on": place.today, "fill_number": 0,
        "product_id": "00406051201", "quantity": Decimal(30), "days_supply": 10, "payment_type": "04",
    }  # fmt: skip
    assert await place.senders[RIVAL].is_refused(DispensationRecordSubmitted, **alone) == "R21"
    assert stored(place) == before
    await place.day_comes(date(2026, 3, 23))
    await place.reads_one(OWNER, "A report is overdue")
    assert (await place.senders[GATEWAY].does(DispensationRecordSubmitted, **alone))["verdict"] == "stored"
    await place.day_comes(date(2026, 3, 24))
    assert await place.reads(OWNER) == []
    assert stored(place) == before + 1
