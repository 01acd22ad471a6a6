"""A story told to a store the whole way, files and messages, day by day; each morning's digests laid beside the model's."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from time import monotonic
from typing import Any

from handlers.publishers import Publishers
from handlers.rules.policy import Policy
from handlers.secrets import Vault
from handlers.sweeps.review_due import SWEEP
from handlers.work import Programme
from messages.asap.writer import write_transaction
from messages.codec import Limits
from messages.envelope import ASAP, Envelope
from store import drugs, treatments
from store.contract import Store, Transaction
from tests.people import DELEGATE, RESIDENT, link, open_account
from tests.records import drug
from tests.simulated_year.model import Model
from tests.simulated_year.papers import (
    DRUGS,
    FACTS,
    PHARMACY,
    dispensing_of,
    id_of,
    number_of,
    on,
    patient_of,
    record_of,
)
from tests.simulated_year.story import DAYS, Said, Story
from tests.tables import change, rows
from workers.process import Delivery, Processor
from workers.projection import TreatmentsProjection

TABLES = {
    "patient_records": "dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill",
    "treatments": "patient_id, prescriber, began_on",
    "missed_reviews": "patient_id, dispenser, prescription_number, filled_on",
}


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
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """What took how long: files and messages, the projection, the sweep, the model."""
    overtaken: int = 0
    """How often something newer was said of a record before its file arrived (R49)."""
    _held: dict[int, list[tuple[Envelope, int, list[Said]]]] = field(default_factory=lambda: defaultdict(list))
    """Files on their way, by the day of their arrival: made on which day, with what in them."""
    _sent: int = 0
    _programme: Programme = field(default_factory=_programme)

    def now(self) -> datetime:
        """Noon in New York of the story's day."""
        return datetime.combine(on(self.today), time(17), UTC)

    async def live(self) -> None:
        """Every morning's digests are the model's, and so are the missed reviews of each month."""
        await self._settle_in()
        for one, other in self.story.namesakes.items():
            self.model.merged(one, other)  # nobody knows yet that they are two
        self.projection = TreatmentsProjection(self.store, self._programme, self.now, "one")
        with ThreadPoolExecutor(1) as threads:
            processor = Processor(self.store, self._programme, self.now, threads, Limits())
            for day, said in enumerate(self.story.days):
                self.today = day
                with self._timed("sweep"):
                    told = await self.told()
                with self._timed("model"):
                    assert told == self.model.digests(self.today), on(self.today)
                self.digests += len(told)
                arriving = self._arriving(said)
                with self._timed("messages"):
                    await processor.process([Delivery(envelope) for envelope in arriving])
                with self._timed("projection"):
                    await self.project()
                if self.today % 30 == 0 or self.today == DAYS - 1:
                    missed = await self.missed()
                    with self._timed("model"):
                        assert missed == self.model.missed(), on(self.today)
        dead = await rows(self.store, "SELECT code FROM dead_letters")
        assert dead == []

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = monotonic()
        yield
        self.seconds[what] += monotonic() - began

    def _arriving(self, said: list[Said]) -> list[Envelope]:
        """What arrives today: what is said today but for a file that is held back, and files held back until today."""
        file, filed, others = self._envelopes(said)
        told = [one for one in said if one not in filed]
        delay = self.story.held_back.get(self.today, 0)
        if file is not None:
            self._held[self.today + delay].append((file, self.today, filed))
        files = self._held.pop(self.today, [])
        for one in told:
            self._to_model(one, self.today)
        for _, made_on, held in files:
            for one in held:
                self._to_model(one, made_on)
        return [*(envelope for envelope, *_ in files), *others]

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
        everybody = [f"D{number}" for number in range(self.story.prescribers)]
        names = {"-".join(filter(None, number_of(name))): name for name in everybody}
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
            dea, suffix = number_of(f"D{number}")
            if suffix:
                await open_account(self.store, f"D{number}", RESIDENT, institution=dea, suffix=suffix)
            else:
                await open_account(self.store, f"D{number}", dea=dea)
            await open_account(self.store, f"L{number}", DELEGATE)
            await link(self.store, f"L{number}", f"D{number}")
        scheduled = [drug(ndc, schedule, "") for schedule, ndc in DRUGS.items() if schedule != "other"]
        await self.store.write(lambda tx: drugs.put_all(tx, scheduled, now=self.now()))

    def _to_model(self, said: Said, said_on: int) -> None:
        """The model hears it; of a record of which something newer was said, what is older changes nothing (R49)."""
        fill = said.fill
        if said.what in ("new", "revise", "void"):
            if self.model.said_on.get(fill.number, said_on) > said_on:
                self.overtaken += 1
                return
            self.model.said_on[fill.number] = said_on
        match said.what:
            case "new":
                self.model.fills.setdefault(fill.number, fill)
            case "revise":
                self.model.fills[fill.number] = fill
            case "void":
                self.model.fills.pop(fill.number, None)
            case "review" | "delegated":
                self.model.reviews[fill.patient, fill.prescriber].append(said.day)
            case "merged" | "rejoined":
                self.model.merged(fill.patient, said.other)
            case "split" | "told_apart":
                self.model.split(fill.patient, said.other)

    def _envelopes(self, said: list[Said]) -> tuple[Envelope | None, list[Said], list[Envelope]]:
        """A file of records of which nothing else is said that day, what is in it, and the day's other messages in order."""
        numbers = Counter(one.fill.number for one in said if one.what in ("new", "revise", "void"))
        filed = [
            one
            for one in said
            if one.what == "new"
            and numbers[one.fill.number] == 1
            and one.fill.number % 2 == 0
            and one.fill.of == "person"
        ]
        file = None
        if filed:
            body = write_transaction(
                "4.2B", f"T{self.today}", self.now(), [(PHARMACY, [dispensing_of(one.fill) for one in filed])]
            )
            file = self._envelope("dispensation.file_submitted", body, ASAP)
        envelopes = []
        for one in said:
            if one in filed:
                continue
            kind, told = self._message(one)
            envelopes.append(self._envelope(kind, json.dumps(told).encode(), "application/json"))
        return file, filed, envelopes

    def _message(self, said: Said) -> tuple[str, dict[str, Any]]:
        by = {"administrator": "a@example.org", "reason": "As the papers say."}
        patient = {"patient_id": id_of(said.fill.patient)} | by
        match said.what:
            case "merged":
                return "patient.merged", patient | {"same_as": [id_of(said.other)]}
            case "split":
                return "patient.split", patient | {"split_off": id_of(said.other)}
            case "told_apart" | "rejoined":
                return f"patient.{said.what}", patient
            case "new" | "revise" | "void":
                return "dispensation.record_submitted", record_of(said)
            case _:
                return "review.recorded", self._review(said)

    def _envelope(self, kind: str, body: bytes, content_type: str) -> Envelope:
        self._sent += 1
        return Envelope(f"m{self._sent}", kind, "portal", body, content_type=content_type)

    def _review(self, said: Said) -> dict[str, Any]:
        number = int(said.fill.prescriber[1:])
        delegate = (number + (said.what == "unlinked")) % self.story.prescribers
        reviewer = said.fill.prescriber if said.what == "review" else f"L{delegate}"
        made = datetime.combine(on(said.day), time(16), UTC)
        facts = {key: value for key, value in patient_of(said.fill.patient).items() if key in FACTS}
        return {
            "reviewer": reviewer,
            "on_behalf_of": said.fill.prescriber,
            "patient": {"facts": facts},
            "reviewed_at": made.isoformat(),
        }
