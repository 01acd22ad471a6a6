"""Who owes which day, told from reports, zero reports, exemptions and closings as either store keeps them (R42, R43)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from handlers.overdue import Overdue, overdue
from handlers.rules.policy import Policy
from store import dispensers
from store.contract import Store, Transaction, as_text
from store.dispensers import Dispenser, Kind, Report
from tests.conformance.examples import NOW

POLICY = Policy()
WEDNESDAY = 24


def june(day: int) -> date:
    """A day of June 2026: the 1st, 8th, 15th and 22nd are Mondays, Friday the 19th is Juneteenth."""
    return date(2026, 6, day)


Days = tuple[int, int]


@dataclass(frozen=True)
class Life:
    """What is known of a dispenser that was registered on Monday the 1st, all by days of June."""

    covered_to: int = 1
    zeros: Sequence[Days] = ()
    exempt: Sequence[Days] = ()
    closed_on: int | None = None
    kind: Kind = "pharmacy"


OWED: Mapping[str, tuple[Life, Days | None]] = {
    # by name: what was, then the first day not covered and the business days since its deadline, on Wednesday the 24th
    "silent": (Life(), (2, 14)),
    "reports": (Life(23), None),
    "silent since the holiday": (Life(18), (19, 2)),
    "has until midnight": (Life(22), None),
    "nothing to report": (Life(1, [(2, 23)]), None),
    "nothing to report, piece by piece": (Life(1, [(12, 23), (9, 11), (2, 8)]), None),
    "weekends and Juneteenth left out": (Life(1, [(2, 5), (8, 12), (15, 18), (22, 23)]), None),
    "one day left out": (Life(1, [(2, 8), (10, 23)]), (9, 9)),
    "two days left out": (Life(1, [(2, 8), (10, 15), (17, 23)]), (9, 9)),
    "a report behind the first gap": (Life(9, [(2, 8), (10, 15), (17, 23)]), (16, 4)),
    "exempt until lately": (Life(9, exempt=[(10, 22)]), None),
    "exempt, silent since": (Life(9, exempt=[(10, 15)]), (16, 4)),
    "exempt over a weekend and on": (Life(12, exempt=[(15, 22)]), None),
    "exempt, a day left out before": (Life(9, exempt=[(11, 19)]), (10, 3)),
    "exempt, nothing to report before and since": (Life(9, [(10, 10), (20, 23)], [(11, 19)]), None),
    "exempt today": (Life(9, exempt=[(24, 24)]), None),
    "exempt tomorrow": (Life(9, exempt=[(25, 30)]), (10, 8)),
    "closed, had reported": (Life(9, closed_on=9), None),
    "closed, had nothing to report": (Life(9, [(10, 12)], closed_on=12), None),
    "closed, a day left out": (Life(9, [(11, 12)], closed_on=12), (10, 8)),
    "closed in an exemption": (Life(9, exempt=[(10, 12)], closed_on=11), None),
    "closes tomorrow": (Life(9, closed_on=25), (10, 8)),
    "a veterinarian in its week": (Life(17, kind="veterinarian"), None),
    "a veterinarian behind it": (Life(16, kind="veterinarian"), (17, 1)),
    "a veterinarian's period": (Life(16, [(17, 22)], kind="veterinarian"), (17, 1)),
    "a veterinarian exempt in its week": (Life(9, exempt=[(16, 17)], kind="veterinarian"), None),
    "a veterinarian exempt behind it": (Life(9, exempt=[(17, 18)], kind="veterinarian"), (10, 3)),
}


async def _lived(tx: Transaction, name: str, life: Life) -> None:
    one = Dispenser(name, name, life.kind, "", name, "", "", "a@example.org", ())
    await dispensers.register(tx, one, on=june(1), seq=1)
    await dispensers.report_all(tx, [Report(name, f"{june(life.covered_to)}", f"{june(life.covered_to)}")])
    for begins, ends in life.zeros:
        period = {"period_from": f"{june(begins)}", "period_to": f"{june(ends)}"}
        await tx.run("submissions.insert_zero_report", dispenser=name, **period, received_at=as_text(NOW), seq=2)
    for begins, ends in life.exempt:
        await dispensers.exempt(tx, name, reason="sample", from_on=june(begins), to_on=june(ends), seq=3)
    if life.closed_on is not None:
        await dispensers.close(tx, name, closed_on=june(life.closed_on), today=june(1))


async def test_r42_each_owes_the_first_day_that_nothing_covers(store: Store) -> None:
    """All of them are looked at in one run."""

    async def unit(tx: Transaction) -> list[Sequence[Overdue]]:
        for name, (life, _) in OWED.items():
            await _lived(tx, name, life)
        return [page async for page in overdue(tx, june(WEDNESDAY), POLICY)]

    found = {one.dispenser: one for page in await store.write(unit) for one in page}
    assert {name: (one.missing_from.day, one.business_days) for name, one in found.items()} == {
        name: owed for name, (_, owed) in OWED.items() if owed is not None
    }
