"""A state as growth sees it: people who come back, prescribers and pharmacies they go to, drugs they take, day after day."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from bench.load import dea_number, made_at
from messages.asap.writer import Dispensing, write_transaction
from store.drugs import Drug

PEOPLE: Final = 700_000
"""Who is dispensed a monitored drug now and then: about a fifth of Connecticut."""
_PRESCRIBERS: Final = 20_000
_PHARMACIES: Final = 800
_BORN_FROM: Final = date(1935, 1, 1).toordinal()
_BORN_DAYS: Final = 80 * 365

DRUGS: Final = tuple(
    Drug(f"{no:011d}", f"Example drug {no}", schedule, drug_class, "over_48_hours", for_animals=False)
    for no, (schedule, drug_class) in enumerate(
        [("II", "opioid")] * 6 + [("II", "stimulant")] * 4 + [("IV", "benzodiazepine")] * 5 + [("V", ""), ("", "")],
        start=11_111_000_001,
    )
)


def state_file(no: int, records: int, now: datetime) -> bytes:
    """Give one pharmacy's file of ``records`` dispensings of yesterday, the same for the same ``no`` and moment."""
    chance = random.Random(no)
    made = made_at(now)
    written, filled = (f"{made - timedelta(days=days):%Y%m%d}" for days in (2, 1))
    pharmacy = {"PHA01": "1234567893", "PHA03": dea_number(no % _PHARMACIES), "PHA04": "EXAMPLE PHARMACY"}
    fixed = {
        "PAT08": "Robin", "PAT14": "Hartford", "PAT15": "CT", "PAT20": "01", "DSP01": "00", "DSP03": written, "DSP04": "2",
        "DSP05": filled, "DSP06": "00", "DSP07": "01", "DSP09": "30", "DSP11": "01", "DSP12": "05", "DSP13": "00",
        "DSP16": "04", "DSP17": filled, "PRE01": "1234567893", "PRE05": "Birch", "PRE06": "Kim", "AIR06": "01",
    }  # fmt: skip

    def dispensings() -> Iterable[Dispensing]:
        for place in range(records):
            person = chance.randrange(PEOPLE)
            # A person keeps to one of two prescribers, so that records follow one another as courses of treatment do.
            prescriber = (person * 7 + chance.randrange(2)) % _PRESCRIBERS
            yield Dispensing(
                fixed
                | {
                    "PAT07": f"Alder{person}",
                    "PAT12": f"{person} Example Street",
                    "PAT16": f"06{person % 1000:03d}",
                    "PAT18": f"{date.fromordinal(_BORN_FROM + person % _BORN_DAYS):%Y%m%d}",
                    "PAT19": "FM"[person % 2],
                    "DSP02": f"RX{no}-{place}",
                    "DSP08": DRUGS[person % len(DRUGS)].ndc,
                    "DSP10": str(chance.choice((7, 15, 30, 30))),
                    "PRE02": dea_number(prescriber),
                }
            )

    return write_transaction("4.2B", f"STATE-{no}", made, [(pharmacy, dispensings())])
