"""Clinical alerts by threshold, each off until it is switched on (R29)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from handlers.rules.alerts import ClinicalAlert, alerts_of, daily_mme, factors
from handlers.rules.policy import Policy
from handlers.rules.treatments import Supply
from store.treatments import Drug

FIRST = date(2026, 1, 1)
OPIOID, BENZODIAZEPINE = Drug("II", "opioid", "oxycodone", "10"), Drug("IV", "benzodiazepine")


def on(day: int) -> date:
    """So many days after the first of January."""
    return FIRST + timedelta(days=day)


def supply(
    day: int,
    drug: Drug = OPIOID,
    *,
    prescriber: str = "P1",
    dispenser: str = "D1",
    quantity: str = "60",
    days: int = 30,
) -> Supply:
    """A supply filled so many days after the first of January."""
    return Supply(
        (dispenser, f"{day}", on(day).isoformat(), 0, quantity, 0), prescriber, on(day), on(day), days, (drug,)
    )


def test_r29_everything_is_off_by_default() -> None:
    """A site that switched nothing on has no alerts."""
    supplies = [supply(n, d, prescriber=f"P{n}", dispenser=f"D{n}") for n in range(9) for d in (OPIOID, BENZODIAZEPINE)]
    assert alerts_of(supplies, Policy()) == []


def test_r29_prescribers_and_dispensers_in_90_days() -> None:
    """Both limits must be reached within 90 days; it is raised on the day of the record that reaches them."""
    policy = Policy(alert_prescribers=3, alert_dispensers=2)
    two = [supply(0, prescriber="P1"), supply(10, prescriber="P2", dispenser="D2")]
    assert alerts_of([*two, supply(90, prescriber="P3")], policy) == []
    assert alerts_of([*two, supply(89, prescriber="P3")], policy) == [
        ClinicalAlert("prescribers_and_dispensers", on(89), frozenset({"P1", "P2", "P3"}))
    ]
    assert alerts_of([supply(n, prescriber=f"P{n}") for n in range(5)], policy) == []


def test_r29_an_alert_is_raised_once_until_it_has_passed() -> None:
    """More records while the threshold is crossed raise nothing; crossed anew later, it is raised anew."""
    policy = Policy(alert_opioid_with_benzodiazepine=True)
    supplies = [supply(0), supply(5, BENZODIAZEPINE), supply(20), supply(30, BENZODIAZEPINE)]
    again = [supply(200, prescriber="P2"), supply(200, BENZODIAZEPINE, prescriber="P3")]
    assert [(one.raised_on, sorted(one.prescribers)) for one in alerts_of([*supplies, *again], policy)] == [
        (on(5), ["P1"]), (on(200), ["P2", "P3"]),
    ]  # fmt: skip


def test_r29_supplies_must_overlap() -> None:
    """A benzodiazepine from the day after the opioid's last day on is no overlap; on the last day it is."""
    policy = Policy(alert_opioid_with_benzodiazepine=True)
    assert alerts_of([supply(0), supply(30, BENZODIAZEPINE)], policy) == []
    assert [one.raised_on for one in alerts_of([supply(0), supply(29, BENZODIAZEPINE)], policy)] == [on(29)]


def test_r29_daily_mme_adds_up() -> None:
    """60 tablets of 10 mg oxycodone in 30 days are 20 mg, 30 equivalents a day; three at once reach 90."""
    assert daily_mme(supply(0)) == Decimal(30)
    policy = Policy(alert_daily_mme=90)
    assert alerts_of([supply(0), supply(1)], policy) == []
    assert [one.raised_on for one in alerts_of([supply(0), supply(1), supply(2)], policy)] == [on(2)]


def test_r29_factors_follow_the_guideline() -> None:
    """Its table of 2022; ten patches of 25 micrograms an hour in 30 days are 60; no strength or no opioid is none."""
    table = {
        "codeine": "0.15", "hydrocodone": "1.0", "hydromorphone": "5.0", "methadone": "4.7", "morphine": "1.0",
        "oxycodone": "1.5", "oxymorphone": "3.0", "tapentadol": "0.4", "tramadol": "0.2",
    }  # fmt: skip
    days_on = 3
    assert factors() == {name: Decimal(factor) for name, factor in table.items()} | {
        "fentanyl_patch": days_on * Decimal("2.4")
    }
    patch = Drug("II", "opioid", "fentanyl_patch", "25")
    assert daily_mme(supply(0, patch, quantity="10")) == Decimal(60)
    for drug in (Drug("II", "opioid"), Drug("III", "opioid", "buprenorphine", "8"), BENZODIAZEPINE):
        assert daily_mme(supply(0, drug)) == 0
