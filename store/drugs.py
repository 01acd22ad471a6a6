"""Monitored drugs: which are, and how, is data that the programme loads (R44)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from store.contract import Row, Transaction, as_text
from store.paging import paged
from store.treatments import want_recount

Monitoring = Literal["over_48_hours", "any_supply"]
PACKAGE_DIGITS = 2
"""Of an NDC the last: without them labeler and product are left."""


@dataclass(frozen=True, slots=True)
class Drug:
    """One monitored drug. ``ndc`` has its 11 digits (12, by policy), or all but the last 2 when it speaks for all of a product.

    Args:
        schedule: ``II`` to ``V``; '' for what is monitored and not scheduled (gabapentin, naloxone).
        drug_class: ``opioid``, ``benzodiazepine``, ``stimulant`` or whatever else the programme tells apart; '' for none.
        monitoring: reported when the supply is over 48 hours, or at any supply.
        for_animals: whether it is reported for animals too.
    """

    ndc: str
    name: str
    schedule: str
    drug_class: str
    monitoring: Monitoring
    for_animals: bool


async def put_all(tx: Transaction, drugs: Sequence[Drug], *, now: datetime) -> int:
    """Put entries into the table, replacing those of the same number; return how many were given; patients are counted again."""
    loaded_at = as_text(now)
    rows = [(d.ndc, d.name, d.schedule, d.drug_class, d.monitoring, int(d.for_animals), loaded_at) for d in drugs]
    await tx.insert_all("drugs.put", rows)
    await want_recount(tx)
    return len(rows)


async def among(tx: Transaction, ndcs: Collection[str]) -> Mapping[str, Drug] | None:
    """Return what is known of these NDCs, package before product; None when the programme has loaded no table."""
    numbers = sorted({number for ndc in ndcs for number in (ndc, ndc[:-PACKAGE_DIGITS]) if number})
    rows = await tx.rows("drugs.among", numbers=json.dumps(numbers)) if numbers else ()
    if not rows and await tx.row("drugs.any") is None:
        return None
    known = {row["ndc"]: _drug(row) for row in rows}
    found = {ndc: known.get(ndc) or known.get(ndc[:-PACKAGE_DIGITS]) for ndc in ndcs}
    return {ndc: drug for ndc, drug in found.items() if drug is not None}


async def listed(tx: Transaction, *, schedule: str = "", page: int = 1000) -> AsyncIterator[Sequence[Drug]]:
    """Yield the table by number, a page at a time."""
    async for rows in paged(tx, "drugs.listed", page=page, after={"after": ("ndc", "")}, schedule=schedule):
        yield [_drug(row) for row in rows]


def _drug(row: Row) -> Drug:
    return Drug(row["ndc"], row["name"], row["schedule"], row["class"], row["monitoring"], bool(row["for_animals"]))
