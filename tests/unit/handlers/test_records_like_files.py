"""A record in JSON is what the same record is in a file: the same faults, identity and content (R45, R48)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.outcomes import Done
from handlers.reading import ReadSubmission, read_file
from handlers.reading_list import read_list
from handlers.rules.policy import Policy
from messages.asap.table import Field, table
from messages.asap.writer import Dispensing, Style, write_transaction
from messages.dispensation import (
    DispensationFileSubmitted,
    DispensationRecordsSubmitted,
    DispensationRecordSubmitted,
    Dispenser,
    Prescriber,
    Record,
)
from messages.message import Message
from messages.record_layout import NAMES, VERSION, laid, laid_part
from tests.unit.handlers.bench import NOW, Bench
from tests.unit.handlers.dispensing import (
    NERVE,
    OPIOID,
    UNLISTED,
    dispensing,
    file,
    hand_in,
    json_record,
    load_drugs,
    register,
)
from tests.unit.handlers.dispensing import kept as columns

POLICY = Policy()
MADE_AT = NOW - timedelta(hours=1)
FIELDS = {field.name: field for fields in table(VERSION).values() for field in fields if field.name in NAMES}
NUMBERS = {"DSP04": 99, "DSP06": 99, "DSP10": 999, "DSP13": 99, "CDI01": 99}
NUMBERED = {
    "PHA01": ("1234567893", "1234567890"), "PHA02": ("0700006", "0700004"), "PHA03": ("AB1234563", "ab1234563", "AB1234567"),
    "PRE01": ("1234567893", "1234567890"), "PRE02": ("AS1234563", "as1234563", "AB1234567"), "DSP14": ("1234567893", "1"),
    "DSP08": ("00093005801", "0093-0058-01", "123", "99999123456"), "CDI03": ("00093005801", "0093-0058-01", "123"),
    "PAT15": ("CT", "X", "ct", "1A"), "PAT16": ("06103", "06103-1234", "061031234", "0610"),
    "PAT07": ("ALDER", "unknown"), "PAT08": ("ROBIN", " Test "), "PRE05": ("BIRCH", "NA"), "PAT22": ("FRANCE",),
}  # fmt: skip
DAYS = ("1899-12-31", "1905-06-15", "1906-06-12", "1980-02-29", "2026-06-09", "2026-06-12", "2026-06-15", "2026-06-16")
AMOUNTS = ("0.5", "30", "030.50", "12345678901", "123456789.01", "0.000000001")


def value_of(field: Field) -> st.SearchStrategy[Any]:
    """What a field may hold, on both sides of each of its borders."""
    if field.name in NUMBERS:
        return st.sampled_from((0, 1, 2, NUMBERS[field.name])) | st.integers(0, NUMBERS[field.name])
    if field.name == "DSP01":
        return st.sampled_from(("new", "revise", "void"))
    if field.name in NUMBERED:
        return st.sampled_from((*NUMBERED[field.name], " ", "A" * (field.max_length + 1)))
    if field.codes:
        return st.sampled_from(sorted({*field.codes, "77"}))
    if field.type == "DT":
        return st.sampled_from(DAYS)
    if field.type == "TM":
        return st.just("13:05:00Z")
    if field.type == "D":
        return st.sampled_from(AMOUNTS)
    return st.sampled_from(("A" * field.max_length, "Zoë", "B" * (field.max_length + 1), " ", " 7"))


CHANGES = st.fixed_dictionaries(
    {}, optional={name: value_of(field) for name, field in FIELDS.items() if name[:3] != "CDI"}
)
FEW = st.lists(st.sampled_from(sorted(name for name in FIELDS if name[:3] != "CDI")), max_size=6, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: value_of(FIELDS[name]) for name in names})
)
INGREDIENT = st.fixed_dictionaries(
    {name: value_of(FIELDS[name]) for name in ("CDI01", "CDI03", "CDI04")},
    optional={name: value_of(FIELDS[name]) for name in ("CDI02", "CDI05", "CDI06")},
)
WITHOUT = st.sets(st.sampled_from(("PAT12", "PAT14", "PAT15", "PAT16", "DSP08")), max_size=2)


def changed(changes: dict[str, Any], without: set[str], ingredients: list[dict[str, Any]]) -> dict[str, Any]:
    """A record in JSON with these values under the names of ASAP, and without those."""
    body: dict[str, Any] = json.loads(json.dumps(json_record()))
    for name, value in changes.items():
        *parts, last = NAMES[name].split(".")
        at = body
        for part in parts:
            at = at.setdefault(part, {})
        at[last] = value
    for name in without - changes.keys():
        part, _, last = NAMES[name].rpartition(".")
        del (body[part] if part else body)[last]
    if ingredients:
        body["ingredients"] = [{NAMES[k].rpartition(".")[2]: v for k, v in each.items()} for each in ingredients]
    return body


def as_file(record: Record, transaction: str = "T1") -> bytes:
    """The same record in a file of the version that it is one to one with."""

    def named(segment: str, values: Any) -> dict[str, str]:
        return {f"{segment}{place:02}": value for place, value in enumerate(values) if place}

    one = laid(record)
    values = named("PAT", one.pat) | named("DSP", one.dsp) | named("AIR", one.air or ())
    values |= named("PRE", laid_part("PRE", vars(record.prescriber), Prescriber))
    pharmacy = named("PHA", laid_part("PHA", vars(record.dispenser), Dispenser))
    dispensed = Dispensing(values, [named("CDI", each) for each in one.cdi])
    style = Style(terminator="\\", separator="^", line_end="")
    return write_transaction(VERSION, transaction, MADE_AT, [(pharmacy, [dispensed])], style=style)


def told(read: ReadSubmission) -> list[tuple[Any, ...]]:
    """The faults, by the names of JSON; an ingredient's without its place."""
    return [
        (
            fault.check,
            fault.severity,
            NAMES.get(fault.field or "", _placeless(fault.field or "")),
            fault.prescription,
            fault.fill_date,
        )
        for fault in read.report.faults
    ]


def _placeless(field: str) -> str:
    return ".".join("{}" if part.isdigit() else part for part in field.split("."))


def kept(read: ReadSubmission) -> list[tuple[Any, ...]]:
    """What is stored and asked of the store, but for the text as it was sent."""
    return [
        (run.pharmacy, run.status, content._replace(original=""), detail)
        for run in read.runs
        for content, detail in zip(run.contents, run.details, strict=True)
    ]


COMPOUND = {
    "product_qualifier": "06", "product_id": "99999000001", "ingredients": [{"number": 1, "product_id": OPIOID, "quantity": "30"}]
}  # fmt: skip
MARKED: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({}, ("", "")),
    (COMPOUND, ("", "")),
    ({"filled_on": "2026-06-11"}, ("late", "R31")),
    ({"product_id": NERVE, "days_supply": 2}, ("not_reportable", "R28")),
    ({"product_id": UNLISTED, "patient": json_record()["patient"] | {"last_name": "A" * 51}}, ("", "R15 R09")),
    ({"product_id": "99901-0001-01"}, ("", "R09")),  # listed, whichever way it is written
    ({"treatment_type": "02", "dispenser": {"dea": "AB1234563", "details": {"type": "05"}}}, ("exempt:treatment", "")),
]


@pytest.mark.parametrize("way", ["file", "list", "alone"])
async def test_r48_whichever_way_a_record_comes_it_is_kept_and_marked_alike(bench: Bench, way: str) -> None:
    """By what the register and the drug table say of it, too; sent in all three ways it is stored once."""
    await load_drugs(bench)
    await register(bench)
    for number, (changes, _) in enumerate(MARKED):
        await hand_in_as(bench, way, json_record(str(number), **changes))
    assert await columns(bench) == [marks for _, marks in MARKED]
    for other in ("file", "list", "alone"):
        for number, (changes, _) in enumerate(MARKED):
            await hand_in_as(bench, other, json_record(str(number), **changes))
    assert await columns(bench) == [marks for _, marks in MARKED]


async def hand_in_as(bench: Bench, way: str, body: dict[str, Any]) -> None:
    """Hand in a record as a file, as a list, or by itself."""
    text = json.dumps(body)
    message: Message
    if way == "alone":
        message = DispensationRecordSubmitted.model_validate_json(text)
    elif way == "list":
        message = DispensationRecordsSubmitted.model_validate_json(
            f'{{"transaction": "L{bench.seq}", "records": [{text}]}}'
        )
    else:
        message = DispensationFileSubmitted(body=as_file(Record.model_validate_json(text), f"F{bench.seq}"))
    assert isinstance(await bench.send(message, sender="gateway"), Done)


@settings(max_examples=400)
@given(CHANGES | FEW | FEW, WITHOUT, st.just([]) | st.lists(INGREDIENT, min_size=1, max_size=3))
def test_r45_a_record_is_in_json_what_it_is_in_a_file(
    changes: dict[str, Any], without: set[str], ingredients: list[dict[str, Any]]
) -> None:
    """Whatever it holds: each fault with check, severity and field, what is stored, and what its correction must match."""
    body = changed(changes, without, ingredients)
    message = DispensationRecordsSubmitted.model_validate_json(
        json.dumps({"transaction": "T1", "created_at": MADE_AT.isoformat(), "records": [body]})
    )
    in_json = read_list(message, NOW, POLICY)
    in_file = read_file(as_file(message.records[0]), NOW, POLICY)
    assert in_file.report.verdict == "accepted"
    assert told(in_json) == told(in_file)
    assert kept(in_json) == kept(in_file)
    assert in_json.errors == in_file.errors
    assert in_json.report.pharmacies == in_file.report.pharmacies
    assert [(one.dispenser, tuple(one.fields), one.is_valid) for one in in_json.pharmacies] == [
        (one.dispenser, tuple(one.fields), one.is_valid) for one in in_file.pharmacies
    ]


async def test_a_resident_s_number_is_kept_with_its_suffix(bench: Bench) -> None:
    """PRE02 and PRE03 together say who prescribed, in a file as in JSON (R51)."""
    resident = {"dea": "AS1234563", "dea_suffix": "012", "last_name": "PRESCRIBER", "first_name": "SAM"}
    await hand_in(bench, file("1", dispensing(PRE02="AS1234563", PRE03="012")))
    await bench.send(DispensationRecordSubmitted.model_validate_json(json.dumps(json_record(prescriber=resident))))
    assert await columns(bench, "prescriber_dea") == [("AS1234563-012",)] * 2
