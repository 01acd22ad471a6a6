"""Clinical alerts by threshold (R29), each off until a site switches it on: information for a prescriber, never an accusation."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from handlers.rules.policy import Policy
from handlers.rules.treatments import DAY, Supply

Rule = Literal["prescribers_and_dispensers", "opioid_with_benzodiazepine", "daily_mme"]


@dataclass(frozen=True, slots=True)
class ClinicalAlert:
    """A threshold was crossed on a day; ``prescribers`` are those whose records it was counted from."""

    rule: Rule
    raised_on: date
    prescribers: frozenset[str]


@cache
def factors() -> Mapping[str, Decimal]:
    """Return the morphine milligram equivalents of one milligram of each ingredient (``mme.toml``)."""
    table = tomllib.loads(resources.files("handlers.rules").joinpath("mme.toml").read_text("utf-8"))
    return MappingProxyType({ingredient: Decimal(factor) for ingredient, factor in table.items()})


def alerts_of(supplies: Sequence[Supply], policy: Policy) -> list[ClinicalAlert]:
    """Return every crossing of a threshold in a patient's supplies.

    A supply alone can bring a crossing about, so only days of filling are looked at; one that was crossed on the eve is not
    crossed again. Which message brought a record, and when, does not matter.
    """
    return [
        ClinicalAlert(rule, day, frozenset(supply.prescriber for supply in counted))
        for day in sorted({supply.filled_on for supply in supplies})
        for rule in _switched_on(policy)
        if (counted := _counted(rule, [supply for supply in supplies if supply.filled_on <= day], day, policy))
        and not _counted(rule, [supply for supply in supplies if supply.filled_on < day], day - DAY, policy)
    ]


def daily_mme(supply: Supply) -> Decimal:
    """Return the morphine milligram equivalents of a day of this supply; 0 where ingredient or strength are not known.

    Of a compound no strength is known: its quantity is that of the mixture, not of the opioid in it.
    """
    drug = supply.drugs[0]
    factor = factors().get(drug.ingredient)
    if factor is None or supply.days_supply < 1:
        return Decimal(0)
    try:
        return Decimal(supply.key[4]) * Decimal(drug.strength) * factor / supply.days_supply
    except InvalidOperation:
        return Decimal(0)  # a quantity or strength that is no number counts as none; its record has a warning


def _switched_on(policy: Policy) -> Iterator[Rule]:
    if policy.alert_prescribers or policy.alert_dispensers:
        yield "prescribers_and_dispensers"
    if policy.alert_opioid_with_benzodiazepine:
        yield "opioid_with_benzodiazepine"
    if policy.alert_daily_mme:
        yield "daily_mme"


def _counted(rule: Rule, known: Sequence[Supply], day: date, policy: Policy) -> Sequence[Supply]:
    """Return the supplies that together reach the threshold on a day; none when they do not."""
    if rule == "prescribers_and_dispensers":
        since = day - timedelta(days=policy.alert_window_days)
        recent = [supply for supply in known if supply.filled_on > since]
        enough_prescribers = len({supply.prescriber for supply in recent}) >= policy.alert_prescribers
        enough_dispensers = len({supply.key[0] for supply in recent}) >= policy.alert_dispensers
        return recent if enough_prescribers and enough_dispensers else ()
    current = [supply for supply in known if supply.covers(day)]
    opioids = [supply for supply in current if supply.holds("opioid")]
    if rule == "opioid_with_benzodiazepine":
        others = [supply for supply in current if supply.holds("benzodiazepine")]
        return [*opioids, *others] if opioids and others else ()
    return opioids if sum(map(daily_mme, opioids)) >= policy.alert_daily_mme else ()
