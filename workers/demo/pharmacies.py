"""Made-up pharmacies and the ASAP files they send, good and bad; every number has its right check digit."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count

from messages.asap.writer import Dispensing, write_transaction, write_zero_report
from messages.envelope import ASAP
from messages.identifiers import dea_is_valid, npi_is_valid
from workers.client import new_message_id
from workers.demo.day import Planned, RecordKey, Scene
from workers.demo.people import FIRST_NAMES, LAST_NAMES

KIND = "dispensation.file_submitted"
VERSIONS = ("4.2", "4.2A", "4.2B", "5.0")
NDCS = ("00093005801", "00406051201", "00228207810", "00591024001", "63481062370")
QUANTITIES = ("10", "20", "30", "60", "90", "12.5")
TOWNS = (("Hartford", "06103"), ("New Haven", "06510"), ("Stamford", "06901"), ("Norwich", "06360"))
ONE_BAD_IN = 80
ONE_LATE_IN = 300
AGAIN_RECORDS = 20


@dataclass(frozen=True, slots=True)
class Pharmacy:
    """Who dispenses."""

    dea: str
    npi: str
    name: str

    @property
    def values(self) -> dict[str, str]:
        """Its PHA segment."""
        return {"PHA01": self.npi, "PHA03": self.dea, "PHA04": self.name}


@dataclass(frozen=True, slots=True)
class Filing:
    """All files of the day, what must be in the store after them (``keys``), and what must not (``bad_keys``)."""

    files: tuple[Planned, ...]
    keys: frozenset[RecordKey]
    bad_keys: frozenset[RecordKey]
    records_sent: int
    records_bad: int


def filing(scene: Scene) -> Filing:
    """Make up the day's files: good, broken, sent again, overlapping, and a zero report."""
    day, numbers = scene.day, count(1)
    pharmacies = [_pharmacy(scene.chance, number) for number in range(day.pharmacies)]
    good_files = day.files - day.broken_files - day.files_again - 1
    shares = [day.records // good_files + (place < day.records % good_files) for place in range(good_files)]
    batches = [(scene.chance.choice(pharmacies), _records(scene, share, numbers)) for share in shares]
    overlapping = batches[0][1][:AGAIN_RECORDS]
    first = (batches[0][0], batches[0][1])
    # The first pharmacy's last file brings some records a second time: they must not be stored twice (R48).
    batches[-1] = (first[0], [*batches[-1][1][: len(batches[-1][1]) - len(overlapping)], *overlapping])
    good = [_file(scene, pharmacy, records, place) for place, (pharmacy, records) in enumerate(batches, start=1)]
    everything = [(pharmacy, record) for pharmacy, records in batches for record in records]
    return Filing(
        files=(*_again(good, day.files_again), *_broken(good, day.broken_files), _zero(scene, pharmacies[-1])),
        keys=frozenset(_key(pharmacy, record) for pharmacy, record in everything if not _is_bad(record)),
        bad_keys=frozenset(_key(pharmacy, record) for pharmacy, record in everything if _is_bad(record)),
        records_sent=len(everything),
        records_bad=sum(_is_bad(record) for _, record in everything),
    )


def _records(scene: Scene, share: int, numbers: Iterator[int]) -> list[Dispensing]:
    today = scene.local_now.date()
    return [_record(scene.chance, today, next(numbers)) for _ in range(share)]


def _record(chance: random.Random, today: date, number: int) -> Dispensing:
    filled_on = today - timedelta(days=9 if chance.randrange(ONE_LATE_IN) == 0 else chance.randrange(2))
    is_bad = chance.randrange(ONE_BAD_IN) == 0
    prescriber = _with_check(lambda check: f"A{chance.choice('BFM')}{check:07}", dea_is_valid, chance.randrange(10**6))
    return Dispensing(
        {
            **_patient(chance),
            "DSP01": "00",
            "DSP02": f"RX{number:07}",
            "DSP03": f"{filled_on - timedelta(days=chance.randrange(0, 10)):%Y%m%d}",
            "DSP04": "2",
            "DSP05": f"{filled_on:%Y%m%d}",
            "DSP06": str(chance.randrange(0, 3)),
            "DSP07": "01",
            "DSP08": "NOTANNDC" if is_bad else chance.choice(NDCS),
            "DSP09": chance.choice(QUANTITIES),
            "DSP10": str(chance.choice((5, 10, 15, 30))),
            "DSP11": "01",
            "DSP12": "05",
            "DSP13": "00",
            "DSP16": "04",
            "DSP17": f"{filled_on:%Y%m%d}",
            "PRE02": prescriber,
            "PRE05": chance.choice(LAST_NAMES),
            "PRE06": chance.choice(FIRST_NAMES),
            "AIR04": "06",
            "AIR05": f"{chance.randrange(10**9):09}",
            "AIR06": "01",
        }
    )


def _patient(chance: random.Random) -> dict[str, str]:
    town, zip_code = chance.choice(TOWNS)
    born_on = date(chance.randrange(1930, 2008), chance.randrange(1, 13), chance.randrange(1, 29))
    return {
        "PAT07": chance.choice(LAST_NAMES),
        "PAT08": chance.choice(FIRST_NAMES),
        "PAT12": f"{chance.randrange(1, 400)} Example Street",
        "PAT14": town,
        "PAT15": "CT",
        "PAT16": zip_code,
        "PAT18": f"{born_on:%Y%m%d}",
        "PAT19": chance.choice("FM"),
        "PAT20": "01",
    }


def _is_bad(record: Dispensing) -> bool:
    return record.values["DSP08"] == "NOTANNDC"


def _key(pharmacy: Pharmacy, record: Dispensing) -> RecordKey:
    values = record.values
    filled_on = date.fromisoformat(values["DSP05"]).isoformat()
    return pharmacy.dea, values["DSP02"], filled_on, int(values["DSP06"]), values["DSP09"], int(values["DSP13"])


def _file(scene: Scene, pharmacy: Pharmacy, records: Sequence[Dispensing], place: int) -> Planned:
    version = scene.chance.choice(VERSIONS)
    control = f"{scene.local_now:%Y%m%d}-{place:04}"
    created_at = scene.local_now - timedelta(minutes=5)
    body = write_transaction(version, control, created_at, [(pharmacy.values, records)])
    return Planned(KIND, body, ASAP, file_name=f"{pharmacy.dea}-{place:04}.dat")


def _zero(scene: Scene, pharmacy: Pharmacy) -> Planned:
    yesterday = scene.local_now.date() - timedelta(days=1)
    body = write_zero_report(
        "4.2B", f"{scene.local_now:%Y%m%d}-ZERO", scene.local_now - timedelta(minutes=5), pharmacy.values,
        begins_on=yesterday, ends_on=yesterday,
    )  # fmt: skip
    return Planned(KIND, body, ASAP, file_name=f"{pharmacy.dea}-zero.dat")


def _again(good: Sequence[Planned], times: int) -> list[Planned]:
    """Half are published twice under one id (the confirm was lost), half are handed in anew under another id (F11)."""
    same_id = times - times // 2
    files = [replace(file, times=2) if place < same_id else file for place, file in enumerate(good)]
    anew = [replace(file, message_id=new_message_id()) for file in good[same_id : same_id + times // 2]]
    return files + anew


def _broken(good: Sequence[Planned], number: int) -> list[Planned]:
    ways: tuple[Callable[[bytes], bytes], ...] = (
        lambda body: body[: len(body) // 2],
        lambda _: b"Dear programme, please find our file in the other e-mail.",
        lambda body: body.replace(b"PRE*", b"XYZ*", 1),
    )
    return [
        replace(
            good[place % len(good)],
            body=ways[place % len(ways)](good[place % len(good)].body.replace(b"-000", b"-900")),
            message_id=new_message_id(),
            file_name=f"broken-{place + 1}.dat",
        )
        for place in range(number)
    ]


def _pharmacy(chance: random.Random, number: int) -> Pharmacy:
    dea = _with_check(lambda digits: f"BP{digits:07}", dea_is_valid, chance.randrange(10**6))
    npi = _with_check(lambda digits: f"1{digits:09}", npi_is_valid, chance.randrange(10**8))
    return Pharmacy(dea, npi, f"EXAMPLE PHARMACY {number + 1}")


def _with_check(write: Callable[[int], str], is_valid: Callable[[str], bool], stem: int) -> str:
    """The one number of the ten with this stem whose check digit is right."""
    return next(text for digit in range(10) if is_valid(text := write(stem * 10 + digit)))
