"""A compound is looked up by its ingredients: the strictest of them decides (R22 of the checks, R44)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.outcomes import Done, Refuse
from messages.asap.writer import Dispensing
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.dispensing import (
    NERVE,
    OPIOID,
    RESCUE,
    UNLISTED,
    became,
    dispensing,
    file,
    hand_in,
    json_record,
    kept,
    load_drugs,
)
from tests.unit.handlers.test_record_lists import hand_in_list, hand_in_one

NO_DRUG = "NOT-AN-NDC"


def compound(*ndcs: str, number: str = "700001", **fields: str) -> Dispensing:
    """A compound of these in a file."""
    values = dispensing(number, DSP07="06", DSP08="99999000001", **fields).values
    return Dispensing(
        values,
        [
            {"CDI01": f"{place}", "CDI02": "02" if ndc == NO_DRUG else "01", "CDI03": ndc, "CDI04": "1"}
            for place, ndc in enumerate(ndcs, start=1)
        ],
    )


def json_compound(*ndcs: str, **fields: Any) -> dict[str, Any]:
    """The same in JSON."""
    parts = [
        {"number": place, "product_qualifier": "02" if ndc == NO_DRUG else "01", "product_id": ndc, "quantity": "1"}
        for place, ndc in enumerate(ndcs, start=1)
    ]
    return json_record(product_qualifier="06", product_id="99999000001", ingredients=parts, **fields)


@pytest.mark.parametrize(
    ("ndcs", "days", "species", "marks"),
    [
        ((OPIOID,), "10", "01", ""),
        ((OPIOID,), "2", "01", "not_reportable"),
        ((NERVE, OPIOID), "2", "01", "not_reportable"),
        ((NERVE, RESCUE), "2", "01", ""),
        ((NERVE, RESCUE), "2", "02", "not_reportable"),
        ((OPIOID, UNLISTED), "2", "01", "not_reportable"),
        ((UNLISTED,), "2", "01", ""),
        ((NO_DRUG,), "2", "01", ""),
    ],
)
@pytest.mark.parametrize("is_json", [False, True])
async def test_r44_the_strictest_ingredient_decides(
    bench: Bench, ndcs: tuple[str, ...], days: str, species: str, marks: str, is_json: bool
) -> None:
    """It is reportable when any of its drugs is; of what the table does not know nothing is said."""
    await load_drugs(bench)
    if is_json:
        patient = json_record()["patient"] | {"species": species, "animal_name": "REX"}
        await hand_in_list(bench, "L1", json_compound(*ndcs, days_supply=int(days), patient=patient))
    else:
        await hand_in(bench, file("T1", compound(*ndcs, DSP10=days, PAT20=species, PAT23="REX")))
    assert await kept(bench, "marks") == [(marks,)]


async def test_r44_an_unknown_ingredient_is_named_by_its_place_in_a_file(bench: Bench) -> None:
    """By the line of its CDI segment; what has no NDC is not looked up."""
    await load_drugs(bench)
    report = await hand_in(bench, file("T1", compound(OPIOID, NO_DRUG, UNLISTED)))
    (fault,) = report["faults"]
    assert (fault["check"], fault["severity"], fault["segment"], fault["field"]) == ("R09", "warning", "CDI", "CDI03")
    assert fault["line"] == 9  # TH IS PHA PAT DSP PRE CDI CDI CDI
    assert became(report) == {"stored": 1, "with_warnings": 1}
    assert await kept(bench, "ingredients") == [(f"{OPIOID} - {UNLISTED}",)]


async def test_r44_an_unknown_ingredient_is_named_by_its_place_in_json(bench: Bench) -> None:
    """In a list and in a message of its own."""
    await load_drugs(bench)
    report = await hand_in_list(bench, "L1", json_record("1"), json_compound(OPIOID, UNLISTED))
    assert [(fault["line"], fault["field"]) for fault in report["faults"]] == [(2, "ingredients.1.product_id")]
    outcome = await hand_in_one(bench, json_compound(UNLISTED))
    assert isinstance(outcome, Done)
    assert '"ingredients.0.product_id"' in json.dumps(outcome.result)


@pytest.mark.parametrize(("ndcs", "is_refused"), [((NERVE, OPIOID), True), ((NERVE, RESCUE), False)])
async def test_r22_a_compound_with_a_scheduled_ingredient_needs_the_dea_number(
    bench: Bench, ndcs: tuple[str, ...], is_refused: bool
) -> None:
    """In files and JSON; without one an NPI does."""
    await load_drugs(bench)
    report = await hand_in(bench, file("T1", compound(*ndcs, PRE02="")))
    assert became(report) == ({"with_errors": 1} if is_refused else {"stored": 1})
    prescriber = {"npi": "1234567893", "last_name": "PRESCRIBER", "first_name": "SAM"}
    outcome = await hand_in_one(bench, json_compound(*ndcs, prescriber=prescriber))
    assert isinstance(outcome, Refuse if is_refused else Done)


async def test_r49_a_revision_brings_its_own_ingredients(bench: Bench) -> None:
    """What it replaces keeps those that it had."""
    await hand_in(bench, file("T1", compound(OPIOID)))
    await hand_in(bench, file("T2", compound(RESCUE, DSP01="01")))
    assert await kept(bench, "ingredients") == [(RESCUE,)]
    cursor = await bench.store._reader.execute("SELECT ingredients FROM dispensation_versions")
    assert [tuple(row) for row in await cursor.fetchall()] == [(OPIOID,)]


async def test_r10_ingredients_of_what_is_no_compound_are_let_be(bench: Bench) -> None:
    """The product's own NDC tells what it is."""
    await load_drugs(bench)
    whole = compound(UNLISTED)
    await hand_in(bench, file("T1", Dispensing({**whole.values, "DSP07": "01", "DSP08": OPIOID}, whole.ingredients)))
    assert await kept(bench, "ingredients, marks, warnings") == [("", "", "R10")]
