"""A story told to a store the whole way, files and messages, day by day; each morning's digests laid beside the model's."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from handlers.publishers import Publishers
from handlers.rules.policy import Policy
from handlers.secrets import Vault
from handlers.sweeps.review_due import SWEEP
from handlers.work import Programme
from messages.asap.writer import Dispensing, write_transaction
from messages.codec import Limits
from messages.envelope import ASAP, Envelope
from store import drugs, treatments
from store.contract import Store, Transaction
from tests.people import DELEGATE, link, open_account
from tests.records import drug
from tests.simulated_year.model import Fill, Model
from tests.simulated_year.story import DAYS, Said, Story
from tests.tables import change, rows
from workers.process import Delivery, Processor
from workers.projection import TreatmentsProjection

NEW_YEAR = date(2026, 1, 1)
PHARMACY = {"PHA01": "1234567893", "PHA02": "0700006", "PHA03": "AB1234563", "PHA04": "EXAMPLE PHARMACY"}
DRUGS = {"II": "00000000201", "III": "00000000301", "IV": "00000000401", "V": "00000000501", "other": "00000000901"}
TABLES = {
    "patient_records": "dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill",
    "treatments": "patient_id, prescriber, began_on",
    "missed_reviews": "patient_id, dispenser, prescription_number, filled_on",
}


def on(day: int) -> date:
    """So many days after New Year."""
    return NEW_YEAR + timedelta(days=day)


def dea(prescriber: str) -> str:
    """A made-up DEA number with its check digit."""
    digits = f"{int(prescriber[1:]) + 100000:06d}"
    odd, even = (sum(int(digit) for digit in digits[start::2]) for start in (0, 1))
    return f"AX{digits}{(odd + 2 * even) % 10}"


def _programme() -> Programme:
    return Programme(Policy(), Vault({}), ("a@example.org",), publishers=Publishers({"portal": ("*",)}))


@dataclass
class Year:
    """One story in one store."""

    store: Store
    story: Story
    model: Model = field(default_factory=Model)
    today: int = 0
    digests: int = 0
    _sent: int = 0
    _programme: Programme = field(default_factory=_programme)

    def now(self) -> datetime:
        """Noon in New York of the story's day."""
        return datetime.combine(on(self.today), time(17), UTC)

    async def live(self) -> None:
        """Every morning's digests are the model's, and so are the missed reviews of each month."""
        await self._settle_in()
        self.projection = TreatmentsProjection(self.store, self._programme, self.now, "one")
        with ThreadPoolExecutor(1) as threads:
            processor = Processor(self.store, self._programme, self.now, threads, Limits())
            for day, said in enumerate(self.story.days):
                self.today = day
                told = await self.told()
                assert told == self.model.digests(self.today), on(self.today)
                self.digests += len(told)
                if said:
                    await processor.process([Delivery(envelope) for envelope in self._envelopes(said)])
                    for one in said:
                        self._to_model(one)
                    await self.project()
                if self.today % 30 == 0 or self.today == DAYS - 1:
                    assert await self.missed() == self.model.missed(), on(self.today)
        dead = await rows(self.store, "SELECT code FROM dead_letters")
        assert dead == []

    async def project(self) -> None:
        """The projection takes turns until it is done."""
        async with asyncio.timeout(60):
            while not await self.projection.is_done():
                await self.projection.turn()

    async def told(self) -> dict[str, tuple[int, int]]:
        """Whom this morning's sweep tells, and how much."""

        async def unit(tx: Transaction) -> list[Any]:
            return [one async for page in SWEEP.notices(tx, on(self.today), self._programme) for one in page]

        staged = await self.store.read(unit)
        assert len({one.destination for one in staged}) == len(staged)
        return {
            one.destination.split("@")[0].upper(): (one.facts["due_count"], one.facts["overdue_count"])
            for one in staged
        }

    async def missed(self) -> Counter[str]:
        """How many records each prescriber wrote without a review in time."""

        async def unit(tx: Transaction) -> Counter[str]:
            found: Counter[str] = Counter()
            async for page in treatments.missed_counts(tx, from_on=on(-30), to_on=on(DAYS), page=7):
                found.update(page)
            return found

        found = await self.store.read(unit)
        names = {dea(f"D{number}"): f"D{number}" for number in range(self.story.prescribers)}
        return Counter({names[number]: count for number, count in found.items()})

    async def standing(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row that the projection made."""
        return {
            table: await rows(self.store, f"SELECT * FROM {table} ORDER BY {order}") for table, order in TABLES.items()
        }

    async def rebuild(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows made anew from nothing but the records."""
        for table in TABLES:
            await change(self.store, f"DELETE FROM {table}")
        await self.projection.begin_again()
        await self.project()
        return await self.standing()

    async def _settle_in(self) -> None:
        for number in range(self.story.prescribers):
            await open_account(self.store, f"D{number}", dea=dea(f"D{number}"))
            await open_account(self.store, f"L{number}", DELEGATE)
            await link(self.store, f"L{number}", f"D{number}")
        scheduled = [drug(ndc, schedule, "") for schedule, ndc in DRUGS.items() if schedule != "other"]
        await self.store.write(lambda tx: drugs.put_all(tx, scheduled, now=self.now()))

    def _to_model(self, said: Said) -> None:
        fill = said.fill
        match said.what:
            case "new":
                self.model.fills.setdefault(fill.number, fill)
            case "revise":
                self.model.fills[fill.number] = fill
            case "void":
                self.model.fills.pop(fill.number, None)
            case "review" | "delegated":
                self.model.reviews.append((fill.patient, fill.prescriber, said.day))

    def _envelopes(self, said: list[Said]) -> list[Envelope]:
        """The day's messages in order; records of which nothing else is said that day come first, in a file."""
        numbers = Counter(one.fill.number for one in said if one.what in ("new", "revise", "void"))
        filed = [
            one for one in said if one.what == "new" and numbers[one.fill.number] == 1 and one.fill.number % 2 == 0
        ]
        envelopes = []
        if filed:
            body = write_transaction(
                "4.2B", f"T{self.today}", self.now(), [(PHARMACY, [_dispensing(one.fill) for one in filed])]
            )
            envelopes.append(self._envelope("dispensation.file_submitted", body, ASAP))
        for one in said:
            if one in filed:
                continue
            kind = "dispensation.record_submitted" if one.what in ("new", "revise", "void") else "review.recorded"
            told = _record(one) if kind.startswith("dispensation") else self._review(one)
            envelopes.append(self._envelope(kind, json.dumps(told).encode(), "application/json"))
        return envelopes

    def _envelope(self, kind: str, body: bytes, content_type: str) -> Envelope:
        self._sent += 1
        return Envelope(f"m{self._sent}", kind, "portal", body, content_type=content_type)

    def _review(self, said: Said) -> dict[str, Any]:
        number = int(said.fill.prescriber[1:])
        delegate = (number + (said.what == "unlinked")) % self.story.prescribers
        reviewer = said.fill.prescriber if said.what == "review" else f"L{delegate}"
        made = datetime.combine(on(said.day), time(16), UTC)
        facts = {key: value for key, value in _patient(said.fill.patient).items() if key in _FACTS}
        return {
            "reviewer": reviewer,
            "on_behalf_of": said.fill.prescriber,
            "patient": {"facts": facts},
            "reviewed_at": made.isoformat(),
        }


_FACTS = ("last_name", "first_name", "date_of_birth", "gender", "zip")


def _patient(patient: str) -> dict[str, str]:
    letters = "".join(chr(ord("A") + int(digit)) for digit in patient[1:])
    return {
        "last_name": f"EXAM-PLE{letters}", "first_name": "ROBIN", "address": "1 EXAMPLE ST", "city": "HARTFORD",
        "state": "CT", "zip": "06103", "date_of_birth": "1980-01-01", "gender": "F",
    }  # fmt: skip


def _record(said: Said) -> dict[str, Any]:
    fill = said.fill
    return {
        "status": said.what, "dispenser": {"dea": "AB1234563"}, "patient": _patient(fill.patient),
        "prescriber": {"dea": dea(fill.prescriber), "last_name": "PRESCRIBER", "first_name": "SAM"},
        "prescription_number": f"{fill.number}", "written_on": on(fill.written).isoformat(), "refills_authorized": 0,
        "filled_on": on(fill.filled).isoformat(), "fill_number": 0, "product_id": DRUGS[fill.schedule],
        "quantity": "30", "days_supply": fill.days, "payment_type": "04",
    }  # fmt: skip


def _dispensing(fill: Fill) -> Dispensing:
    patient = _patient(fill.patient)
    values = {
        "PAT07": patient["last_name"].replace("-", " "), "PAT08": patient["first_name"], "PAT12": patient["address"],
        "PAT14": patient["city"], "PAT15": "CT", "PAT16": "06103", "PAT18": "19800101", "PAT19": "F", "PAT20": "01",
        "DSP01": "00", "DSP02": f"{fill.number}", "DSP03": f"{on(fill.written):%Y%m%d}", "DSP04": "0",
        "DSP05": f"{on(fill.filled):%Y%m%d}", "DSP06": "0", "DSP07": "01", "DSP08": DRUGS[fill.schedule],
        "DSP09": "30", "DSP10": f"{fill.days}", "DSP11": "01", "DSP12": "05", "DSP13": "00", "DSP16": "04",
        "PRE02": dea(fill.prescriber), "PRE05": "PRESCRIBER", "PRE06": "SAM",
    }  # fmt: skip
    return Dispensing(values, ())
