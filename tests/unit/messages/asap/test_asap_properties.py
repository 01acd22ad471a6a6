"""What holds of every file: what is written is read back equal, and no bytes make the reader raise."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import timedelta
from unittest.mock import patch

from hypothesis import example, given, settings
from hypothesis import strategies as st

from messages.asap.reader import Reading
from messages.asap.records import SegmentReader
from messages.asap.table import VERSIONS, table
from messages.asap.values import Record
from messages.asap.writer import Dispensing, Style, write_transaction
from tests.unit.messages.asap.asap_files import CREATED_AT, GOOD, TODAY, check, file_of, record, rules

GOOD_FILE = file_of(record(), record({"DSP02": "RX1002", "PAT07": "Zoë"}), record({"DSP02": "RX1003"}))
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="*~|^"), max_size=12)
ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=12)
RECORD_FIELDS = sorted(
    field.name for name, fields in table("5.0").items() if name in {"PAT", "DSP", "PRE", "AIR"} for field in fields
)
# Values on both sides of every check's border, so that random records come close to being right.
LIKELY = st.sampled_from(
    (
        *(
            "",
            " ",
            "0",
            "00",
            "01",
            "02",
            "06",
            "07",
            "1",
            "3",
            "30",
            ".5",
            "0.0",
            "100",
            "365",
            "366",
            "999",
            "1000",
        ),
        *("F", "X", "CT", "06103", "06103-1234", "20261120", "20261121", "20261125", "19050101", "19000101"),
        *("20260230", "00093005801", "0093-0058-01", "99999123456", "1234567893", "1234567890", "AS1234563"),
        *("AS1234560", "as1234563", "UNKNOWN", "Report", "zero", "A" * 11, "B" * 60, "²", "\x85", "Zoë"),
    )
)
CHANGES = st.dictionaries(st.sampled_from(RECORD_FIELDS), LIKELY | TEXT, max_size=6)


def read(body: bytes) -> list[Record]:
    """Read all the records of a file, in chunks of the size that is promised."""
    reading = Reading(body, rules())
    chunks = list(reading.chunks())
    assert not reading.failed, reading.faults
    assert all(len(chunk) <= rules().chunk_records for chunk in chunks)
    return [record for chunk in chunks for record in chunk]


def some_of(*segments: str) -> st.SearchStrategy[dict[str, str]]:
    """Any text in some of a segment's fields."""
    fields = [field.name for segment in segments for field in table("5.0")[segment]]
    return st.dictionaries(st.sampled_from(fields), ANY_TEXT, max_size=12)


BLOCKS = st.lists(
    st.tuples(
        some_of("PHA"),
        st.lists(
            st.builds(Dispensing, some_of("PAT", "DSP", "PRE", "AIR"), st.lists(some_of("CDI"), max_size=3)),
            min_size=1,
            max_size=3,
        ),
    ),
    min_size=1,
    max_size=3,
)


def writable(values: Mapping[str, str], style: Style) -> dict[str, str]:
    """These values without this file's own marks: ASAP has no way to write those."""
    marks = str.maketrans({style.separator: "", style.terminator: ""})
    return {name: text.translate(marks).strip() for name, text in values.items()}


@settings(max_examples=150)
@given(
    version=st.sampled_from(VERSIONS),
    blocks=BLOCKS,
    source=some_of("IS"),
    control=st.text(string.ascii_letters + string.digits + "-_ .#", min_size=1, max_size=40)
    .map(str.strip)
    .filter(bool),
    style=st.builds(
        Style,
        terminator=st.sampled_from("~\\|\n\x1e¬]"),
        separator=st.sampled_from("*^\t,§"),
        line_end=st.sampled_from(["", "\n", "\r\n"]),
    ),
)
def test_what_is_written_is_read_back_equal(
    version: str,
    blocks: list[tuple[dict[str, str], list[Dispensing]]],
    source: dict[str, str],
    control: str,
    style: Style,
) -> None:
    """Every value of every field of every segment comes back as it was, right or wrong, in its place."""
    blocks = [
        (
            writable(pharmacy, style),
            [
                Dispensing(
                    writable({"PAT07": "Alder"} | dict(one.values), style),
                    [writable(each, style) for each in one.ingredients],
                )
                for one in records
            ],
        )
        for pharmacy, records in blocks
    ]
    body = write_transaction(version, control, CREATED_AT, blocks, source=writable(source, style), style=style)
    reading = Reading(body, rules())
    found = [record for chunk in reading.chunks() for record in chunk]
    assert reading.header is not None
    assert (reading.header.version, reading.header.control_number) == (version, control)
    assert not {fault.check for fault in reading.faults} & {"F10", "R16"}
    written = [(place, one) for place, (_, records) in enumerate(blocks) for one in records]
    assert [each.pharmacy for each in found] == [place for place, _ in written]

    def cut(segment: str, values: Mapping[str, str]) -> list[str]:
        return [values.get(field.name, "") for field in table(version)[segment]]

    for each, (_, one) in zip(found, written, strict=True):
        for segment, fields in (("PAT", each.pat), ("DSP", each.dsp), ("PRE", each.pre), ("AIR", each.air)):
            assert list(fields[1:]) == cut(segment, one.values)
        assert [list(cdi[1:]) for cdi in each.cdi] == [cut("CDI", cdi) for cdi in one.ingredients]
    assert [list(each.fields[1:]) for each in reading.pharmacies] == [cut("PHA", pharmacy) for pharmacy, _ in blocks]


@settings(max_examples=150)
@given(version=st.sampled_from(VERSIONS), changes=st.lists(CHANGES, min_size=1, max_size=4))
@example(version="5.0", changes=[{"DSP08": ""}])
@example(version="5.0", changes=[{"AIR12": "20260230"}])
def test_what_is_proved_faultless_has_no_fault(version: str, changes: list[Mapping[str, str]]) -> None:
    """The quick proof and the careful look always agree: without the proof the same records come out."""
    body = file_of(*[Dispensing({**GOOD, **each}) for each in changes], version=version)
    quick = read(body)
    split = SegmentReader.read

    def never_clean(reader: SegmentReader, text: str) -> tuple[list[str], bool]:
        return split(reader, text)[0], False

    with patch.object(SegmentReader, "read", never_clean):
        careful = read(body)
    assert quick == careful


@settings(max_examples=300)
@given(st.data())
def test_no_damage_makes_the_reader_raise(data: st.DataObject) -> None:
    """A good file cut, doubled, swapped or with bytes changed gets a verdict, and its counts add up."""
    body = bytearray(GOOD_FILE)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(start, min(len(body), start + 300)))
        match data.draw(st.sampled_from(["cut", "double", "swap", "flip", "insert", "end"])):
            case "cut":
                del body[start:end]
            case "double":
                body[start:start] = body[start:end]
            case "swap":
                body[start:end] = bytes(reversed(body[start:end]))
            case "flip" if start < len(body):
                body[start] ^= 1 << data.draw(st.integers(0, 7))
            case "insert":
                body[start:start] = data.draw(st.binary(max_size=4) | st.sampled_from([b"~", b"*", b"\r\n", b"TH*"]))
            case _:
                del body[start:]
    report = check(bytes(body))
    assert (report.verdict == "failed") is any(fault.severity == "file" for fault in report.faults)
    assert all(counts.total == counts.valid + counts.with_errors for counts in report.pharmacies)
    assert report.as_json()


@settings(max_examples=200)
@given(st.binary(max_size=200), st.sampled_from([b"", b"TH*", b"TH*4.2B*1*01**20261124*0841*P**~~\r\n"]))
def test_no_bytes_make_the_reader_raise(noise: bytes, start: bytes) -> None:
    """Whatever arrives gets a verdict."""
    assert check(start + noise).verdict == "failed"


def test_windows_and_chunks_have_no_seams() -> None:
    """A file of many windows is read whole, in order, whatever its records' lengths."""
    written = [
        record({"DSP02": f"RX{number}", "DSP23": string.ascii_letters[: number % 50] * (number % 4)})
        for number in range(1_000)
    ]
    body = file_of(*written)
    records = read(body)
    assert [found.prescription_number for found in records] == [f"RX{number}" for number in range(1_000)]
    assert check(body).faults == ()


def test_a_record_carries_its_original_text_and_canonical_values() -> None:
    """The store gets what was sent (R50) and what makes records equal (R48)."""
    changes = {
        "DSP04": "02",
        "DSP06": "1",
        "DSP09": "030.50",
        "DSP10": "007",
        "DSP08": "0093-0058-01",
        "DSP13": "3",
    }
    (found,) = read(file_of(record(changes)))
    assert found.key == ("BX1234563", "RX1001", "2026-11-21", 1, "30.5", 3)
    assert (found.product_id, found.days_supply, found.status) == ("00093005801", 7, "new")
    assert (found.written_on, found.sold_on, found.born_on) == ("2026-11-20", "2026-11-22", "1980-02-14")
    assert found.text.split("~")[0].startswith("PAT**06*123456789")
    assert [part[:3] for part in found.text.split("~")] == ["PAT", "DSP", "PRE", "AIR"]
    assert (found.value("PAT07"), found.value("DSP09"), found.value("AIR11"), found.line) == (
        "Alder",
        "030.50",
        "",
        5,
    )


def test_the_future_of_one_day_is_the_past_of_the_next() -> None:
    """The date is a parameter: a record of tomorrow is right tomorrow."""
    body = file_of(record({"DSP05": "20261125", "DSP17": "20261125"}))
    later = Reading(body, type(rules())(today=TODAY + timedelta(days=1)))
    assert [found.is_valid for chunk in later.chunks() for found in chunk] == [True]
    assert [found.is_valid for found in read(body)] == [False]
