"""What dispensers hand in: daily files, weekly ones, none at all, faults and corrections, JSON records (R40–R49)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

from messages import dispensation as d
from messages.asap.writer import Dispensing, write_transaction, write_void, write_zero_report
from messages.dispenser import (
    DispenserClosed,
    DispenserExemptionDeclared,
    DispenserExemptionEnded,
    DispenserRegistered,
)
from workers.simulation.said import Handed, Line, Sender
from workers.simulation.story.cast import Cast, Dispenser, Patient, Person
from workers.simulation.story.people import People
from workers.simulation.story.script import ZONE, Script, moment, on

NDCS = ("00093005801", "00406051201", "00228207810", "63481062370", "99901000300")
BAD_NDC = "NOTANNDC"
VERSIONS = ("4.2", "4.2A", "4.2B", "5.0")
DAY = timedelta(days=1)


@dataclass(slots=True)
class Filing:
    """Makes up records and hands them in."""

    script: Script
    cast: Cast
    prescribers: list[Person]
    patients: dict[str, Patient] = field(default_factory=dict)
    numbers: Callable[[], int] = field(default_factory=lambda: count(1).__next__)
    controls: Callable[[], int] = field(default_factory=lambda: count(1).__next__)

    def __post_init__(self) -> None:
        self.patients = {one.last_name: one for one in self.cast.patients}

    def line(self, dispenser: Dispenser, filled_on: date, *, is_good: bool = True) -> Line:
        """Make up a record."""
        chance = self.cast.chance
        return Line(
            dispenser.dea, f"RXQ{self.numbers():07}", chance.choice(self.cast.patients).last_name,
            chance.choice(self.prescribers).dea, filled_on - DAY * chance.randrange(0, 3), filled_on,
            chance.choice((3, 5, 10, 30)), chance.choice(NDCS) if is_good else BAD_NDC, is_good=is_good,
        )  # fmt: skip

    def some(self, dispenser: Dispenser, filled_on: date) -> list[Line]:
        """Make up a day's records."""
        return [self.line(dispenser, filled_on) for _ in range(self.cast.chance.randrange(2, 6))]

    def file(
        self, dispenser: Dispenser, day: int, hour: str, lines: Sequence[Line], *,
        sender: Sender | None = None, transaction: str = "",
    ) -> str:  # fmt: skip
        """Hand in a file; return its transaction."""
        made_at = moment(day, hour) - timedelta(minutes=5)
        control = transaction or f"{on(day):%Y%m%d}-{self.controls():05}"
        body = write_transaction(
            self.cast.chance.choice(VERSIONS), control, made_at.astimezone(ZONE),
            [(_pharmacy(dispenser), [Dispensing(self._asap(line) | _animal(dispenser)) for line in lines])],
        )  # fmt: skip
        self._hand_in(
            day, hour, body, Handed(control, dispenser.dea, made_at, tuple(lines)), sender or sender_of(dispenser)
        )
        return control

    def zero(self, dispenser: Dispenser, day: int, hour: str, first: date, last: date) -> None:
        """Say that there was nothing to report."""
        made_at = moment(day, hour) - timedelta(minutes=5)
        control = f"{on(day):%Y%m%d}-{self.controls():05}"
        body = write_zero_report(
            "4.2B", control, made_at.astimezone(ZONE), _pharmacy(dispenser), begins_on=first, ends_on=last
        )
        self._hand_in(
            day, hour, body, Handed(control, dispenser.dea, made_at, zero=(first, last)), sender_of(dispenser)
        )

    def broken(self, dispenser: Dispenser, day: int, hour: str) -> None:
        """Hand in half a file."""
        made_at, control = moment(day, hour) - timedelta(minutes=5), f"{on(day):%Y%m%d}-{self.controls():05}"
        lines = self.some(dispenser, on(day - 1))
        records = [Dispensing(self._asap(line)) for line in lines]
        body = write_transaction("4.2B", control, made_at.astimezone(ZONE), [(_pharmacy(dispenser), records)])
        handed = Handed(control, dispenser.dea, made_at, is_broken=True)
        self._hand_in(day, hour, body[: len(body) // 2], handed, sender_of(dispenser))

    def void_transaction(self, dispenser: Dispenser, day: int, hour: str, control: str) -> None:
        """Withdraw all that a transaction brought (TH03 = 04)."""
        made_at = moment(day, hour) - timedelta(minutes=5)
        body = write_void("4.2B", control, made_at.astimezone(ZONE))
        handed = Handed(control, dispenser.dea, made_at, voids_transaction=True)
        self._hand_in(day, hour, body, handed, sender_of(dispenser))

    def record(self, dispenser: Dispenser, day: int, hour: str, line: Line, *, sender: Sender | None = None) -> None:
        """Hand in one record in JSON."""
        record = self._json(line)
        message = d.DispensationRecordSubmitted.model_validate_json(record)
        handed = Handed("", dispenser.dea, moment(day, hour), (line,))
        self.script.say(day, hour, message, sender=sender or sender_of(dispenser), handed=handed)

    def records(self, dispenser: Dispenser, day: int, hour: str, lines: Sequence[Line]) -> None:
        """Hand in several records in JSON."""
        control = f"{on(day):%Y%m%d}-{self.controls():05}"
        told = [json.loads(self._json(line)) for line in lines]
        message = d.DispensationRecordsSubmitted.model_validate_json(
            json.dumps({"transaction": control, "records": told})
        )
        handed = Handed(control, dispenser.dea, moment(day, hour), tuple(lines))
        self.script.say(day, hour, message, sender=sender_of(dispenser), handed=handed)

    def _hand_in(self, day: int, hour: str, body: bytes, handed: Handed, sender: Sender) -> None:
        message = d.DispensationFileSubmitted(body=body, file_name=f"{handed.transaction}.dat")
        self.script.say(day, hour, message, sender=sender, handed=handed)

    def _asap(self, line: Line) -> dict[str, str]:
        patient = self.patients[line.patient]
        return {
            "PAT07": patient.last_name, "PAT08": patient.first_name, "PAT12": "1 EXAMPLE ST", "PAT14": "HARTFORD",
            "PAT15": "CT", "PAT16": "06103", "PAT18": f"{patient.born_on:%Y%m%d}", "PAT19": patient.gender, "PAT20": "01",
            "DSP01": {"new": "00", "revise": "01", "void": "02"}[line.status], "DSP02": line.prescription,
            "DSP03": f"{line.written_on:%Y%m%d}", "DSP04": "0", "DSP05": f"{line.filled_on:%Y%m%d}", "DSP06": "0",
            "DSP07": "01", "DSP08": line.ndc, "DSP09": line.quantity, "DSP10": str(line.days), "DSP11": "01",
            "DSP12": "05", "DSP13": "00", "DSP16": "04", "PRE02": line.prescriber, "PRE05": "PRESCRIBER", "PRE06": "SAM",
        }  # fmt: skip

    def _json(self, line: Line) -> str:
        patient = self.patients[line.patient]
        record = d.Record(
            status=line.status, dispenser=d.Dispenser(dea=line.dispenser),
            patient=d.Patient(
                last_name=patient.last_name, first_name=patient.first_name, address="1 EXAMPLE ST", city="HARTFORD",
                state="CT", zip="06103", date_of_birth=patient.born_on, gender=patient.gender,
            ),
            prescriber=d.Prescriber(dea=line.prescriber, last_name="PRESCRIBER", first_name="SAM"),
            prescription_number=line.prescription, written_on=line.written_on, refills_authorized=0,
            filled_on=line.filled_on, fill_number=0, product_id=line.ndc, quantity=Decimal(line.quantity),
            days_supply=line.days, payment_type="04",
        )  # fmt: skip
        return record.model_dump_json(exclude_none=True)


def sender_of(dispenser: Dispenser) -> Sender:
    """A chain's pharmacies have a gateway of their own."""
    return "chain" if dispenser.chain else "gateway"


def _pharmacy(dispenser: Dispenser) -> dict[str, str]:
    return {"PHA03": dispenser.dea, "PHA04": dispenser.name}


def _animal(dispenser: Dispenser) -> dict[str, str]:
    """A veterinarian's patients are animals, under their owner's name (R56)."""
    return {"PAT20": "02", "PAT23": "REX"} if dispenser.kind == "veterinarian" else {}


def filing_of_the_month(script: Script, cast: Cast, people: People) -> None:
    """Everything of this kind is in the script."""
    filing = Filing(script, cast, people.prescribers)
    for one in cast.dispensers:
        message = DispenserRegistered(
            dea=one.dea, name=one.name, dispenser_kind=one.kind, contact_email=one.contact, submitters=(sender_of(one),)
        )
        script.say(-1, "09:00", message)
    _history(filing)
    for place, one in enumerate(cast.dispensers):
        if place not in _WITH_GAPS:
            _month_of(filing, one, place)
    _gaps(filing)
    _exceptions(filing)


def _history(filing: Filing) -> None:
    """Treatments that began months ago, monthly fills, so that reviews come due in the month (R54, R55)."""
    for place, dispenser in enumerate(filing.cast.dispensers[:6]):
        lines = []
        for number in range(2):
            began = -92 + 4 * (2 * place + number) + filing.cast.chance.randrange(3)
            first = replace(filing.line(dispenser, on(began)), days=30, ndc=NDCS[place % 5])
            lines += [
                replace(first, prescription=f"RXQ{filing.numbers():07}", written_on=on(day), filled_on=on(day))
                for day in range(began, -1, 30)
            ]
        filing.file(dispenser, -1, "10:00", lines)


_WITH_GAPS = (10, 12, 19)


def _gaps(filing: Filing) -> None:
    """Days left out before zero reports, before an exemption and before a closing, told of, and covered at last (R42, R43)."""
    script, dispensers = filing.script, filing.cast.dispensers
    idle, resting, leaving = (dispensers[place] for place in _WITH_GAPS)
    for day in range(script.days):
        if day not in (3, 4) and on(day).isoweekday() != 7:  # nobody reports of a Saturday, which is no gap
            filing.zero(idle, day, "09:30", on(day - 1), on(day - 1))
        if day < 2 or day > 21:
            filing.file(resting, day, "10:35", filing.some(resting, on(day - 1)))
        if day < 8:
            filing.file(leaving, day, "18:40", filing.some(leaving, on(day - 1)))
    filing.zero(idle, 14, "12:10", on(2), on(3))
    exemption = DispenserExemptionDeclared(dispenser=resting.dea, exemption="inpatient", from_on=on(6), to_on=on(10))
    script.say(6, "09:00", exemption)
    filing.file(resting, 21, "10:35", [filing.line(resting, on(20), is_good=False)])  # all in error, and yet submitted
    script.say(6, "09:10", DispenserClosed(dispenser=leaving.dea, closed_on=on(12)))
    script.say(7, "09:10", DispenserClosed(dispenser=leaving.dea, closed_on=on(10)))
    filing.zero(leaving, 20, "09:30", on(7), on(10))
    visiting = dispensers[-3]  # a veterinarian's week is not over when this begins
    exemption = DispenserExemptionDeclared(dispenser=visiting.dea, exemption="inpatient", from_on=on(8), to_on=on(11))
    script.say(8, "09:00", exemption)


def _month_of(filing: Filing, one: Dispenser, place: int) -> None:
    """Each has ways of its own: daily, on business days, with gaps, weekly, with nothing to report, in JSON."""
    chance = filing.cast.chance
    skips = {day for day in range(filing.script.days) if place % 5 == 4 and day % 9 in (3, 4, 5, 6, 7)}
    for day in range(filing.script.days):
        if one.kind == "veterinarian":
            if day % (7 if place % 2 else 9) == 3:
                filing.file(one, day, "11:40", filing.some(one, on(day - 1)))
            continue
        if day in skips or (one.kind == "practitioner" and on(day).isoweekday() in (6, 7)):
            continue
        hour = "10:35" if place % 2 else "18:40"
        if chance.random() < 0.12:
            filing.zero(one, day, hour, on(day - 3), on(day - 1))
        elif place % 7 == 2:
            filing.records(one, day, hour, filing.some(one, on(day - 1)))
        elif place % 7 == 3:
            for line in filing.some(one, on(day - 1))[:2]:
                filing.record(one, day, hour, line)
        else:
            filing.file(one, day, hour, filing.some(one, on(day - 1)))


def _exceptions(filing: Filing) -> None:
    """Faults and their correction, revisions, voids, a file sent again, another's pharmacy, exempt and closed ones."""
    script, (one, two, three, four) = filing.script, filing.cast.dispensers[:4]
    for day in range(1, script.days, 6):
        bad = [filing.line(one, on(day - 1), is_good=False) for _ in range(2)]
        filing.file(one, day, "12:20", [*filing.some(one, on(day - 1)), *bad])
        mended = [replace(line, ndc=NDCS[0], is_good=True) for line in bad]
        filing.file(one, day + 2, "12:20", mended[:1])
        if day % 4 == 1:
            filing.record(one, day + 4, "12:25", mended[1])
        good = filing.some(two, on(day - 1))
        control = filing.file(two, day, "12:30", good)
        filing.file(two, day, "12:40", good[:1], transaction=control)  # another file under its number (F11)
        filing.file(two, day + 1, "12:30", [replace(good[0], status="revise", days=7), replace(good[1], status="void")])
        filing.file(two, day + 2, "12:30", [replace(good[1], days=4)])  # new again after its void
        filing.record(two, day + 2, "12:35", replace(good[0], status="void", days=7))
        control = filing.file(three, day, "12:30", filing.some(three, on(day - 1)))
        filing.void_transaction(three, day + 1, "12:30", control)
        filing.broken(four, day, "12:30")
        filing.file(four, day, "12:45", filing.some(four, on(day - 1)), sender="chain")  # registered for another (R61)
        filing.record(four, day, "12:50", filing.line(four, on(day - 1)), sender="chain")
        filing.record(four, day, "12:55", filing.line(four, on(day - 1), is_good=False))
    resting, closing = filing.cast.dispensers[9], filing.cast.dispensers[14]
    script.say(2, "09:00", DispenserExemptionDeclared(dispenser=resting.dea, exemption="administered", from_on=on(2)))
    script.say(9, "09:00", DispenserExemptionEnded(dispenser=resting.dea, ended_on=on(8)))
    script.say(5, "09:00", DispenserClosed(dispenser=closing.dea, closed_on=on(5)))
    script.say(5, "09:05", DispenserClosed(dispenser=closing.dea, closed_on=on(5)))
