"""What a pharmacy's clerk reads of a submission: all of it true, the counts add up, a long list is short (R46, R47)."""

from __future__ import annotations

import csv
import email
import email.policy
import io
import re
from dataclasses import replace
from datetime import date

import pytest

from handlers.rules.policy import Policy
from messages.asap.writer import Dispensing, write_transaction, write_void, write_zero_report
from messages.dispensation import DispensationFileSubmitted
from notifier.preview import Preview, preview_of
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.dispensing import CREATED, PHARMACY, as_test, dispensing, file

BAD = {"DSP09": "none"}
DAY = date(2026, 6, 14)


async def told(bench: Bench, body: bytes, file_name: str = "example.dat") -> list[Preview]:
    """The e-mails that a file caused, as their reader sees them."""
    before = len(bench.written)
    await bench.send(DispensationFileSubmitted(body=body), sender="gateway", file_name=file_name)
    return [preview_of(mail) for mail in bench.written[before:]]


async def text_of(bench: Bench, body: bytes) -> tuple[str, str]:
    """Subject and text, on one line, of the only e-mail; the HTML says the same words."""
    (seen,) = await told(bench, body)
    return seen.subject, " ".join(seen.text.split())


def counted(text: str) -> dict[str, int]:
    """The counts of a report on one pharmacy."""
    names = (
        "Records in total",
        "Stored as new",
        "Revised",
        "Voided",
        "Voids not found",
        "not stored again",
        "With errors, not stored",
    )
    return {name: int(re.findall(rf"{name} (\d+)", text)[0]) for name in names}


def attached(bench: Bench) -> dict[str, list[list[str]]]:
    """The files of the last e-mail, as rows."""
    message = email.message_from_bytes(bench.written[-1].content, policy=email.policy.default)
    return {
        str(part.get_filename()): list(csv.reader(io.StringIO(part.get_content())))
        for part in message.iter_attachments()
    }


def pharmacies(number: int) -> list[dict[str, str]]:
    """So many pharmacies without a DEA number, each with an NCPDP of its own."""
    return [{**PHARMACY, "PHA02": f"{7000000 + at:07}"} for at in range(number)]


def zeros(number: int) -> bytes:
    """One file in which so many pharmacies have nothing to report."""
    zero = Dispensing({"PAT07": "REPORT", "PAT08": "ZERO", "DSP05": "20260614"})
    source = {"IS01": "1234567893", "IS02": "CHAIN", "IS03": "#20260612#-#20260614#"}
    return write_transaction("4.2B", "Z1", CREATED, [(one, [zero]) for one in pharmacies(number)], source=source)


async def test_r47_zero_reports_of_many_pharmacies_are_confirmed_in_one_mail(bench: Bench) -> None:
    """The first ones are shown; all of them, with their periods, are in the file sent along."""
    (seen,) = await told(bench, zeros(200))
    assert seen.subject == "Zero report confirmed: example.dat (200 pharmacies)"
    assert seen.text.count("June 12, 2026 to June 14, 2026") == 25
    assert seen.html.count("June 12, 2026 to June 14, 2026") == 25
    assert "25 pharmacies are shown; pharmacies.csv, attached, has all 200." in " ".join(seen.text.split())
    head, *rows = attached(bench)["pharmacies.csv"]
    assert head == ["dea", "ncpdp", "npi", "begins_on", "ends_on"]
    assert [row[1:] for row in rows] == [
        [one["PHA02"], "1234567893", "2026-06-12", "2026-06-14"] for one in pharmacies(200)
    ]


async def test_r47_a_zero_report_of_one_day_and_pharmacy_needs_no_file(bench: Bench) -> None:
    """File, pharmacy, period and time, and no line wider than 76 columns."""
    (seen,) = await told(bench, write_zero_report("4.2B", "Z1", CREATED, PHARMACY, begins_on=DAY, ends_on=DAY))
    assert seen.subject == "Zero report confirmed: example.dat"
    assert "AB1234563  0700004  1234567893  June 14, 2026\n" in seen.text
    assert "Received: June 15, 2026, 11:00 AM EDT" in seen.text
    assert attached(bench) == {}
    assert max(map(len, seen.text.splitlines())) <= 76


async def test_r47_the_counts_add_up_to_the_total(bench: Bench) -> None:
    """New, revised, voided, not found, duplicate, in error; those with warnings are counted among the others."""
    await told(bench, file("T1", dispensing("1"), dispensing("2"), dispensing("3")))
    body = file(
        "T2", dispensing("1"), dispensing("2", "01", DSP10="11"), dispensing("3", "02"), dispensing("4", "02"),
        dispensing("5"), dispensing("6", "01"), dispensing("7", **BAD),
    )  # fmt: skip
    _, text = await text_of(bench, body)
    total, *others = counted(text).values()
    assert (total, others) == (7, [2, 1, 1, 1, 1, 1])
    assert sum(others) == total
    assert "1 of those without errors has warnings." in text


async def test_r47_many_pharmacies_are_counted_together_and_one_line_each(bench: Bench) -> None:
    """Those with errors come first; the rest is in the file sent along."""
    body = write_transaction(
        "4.2B", "T1", CREATED,
        [(one, [dispensing(f"{at}", **(BAD if at == 29 else {}))]) for at, one in enumerate(pharmacies(30))],
    )  # fmt: skip
    (seen,) = await told(bench, body, file_name="")
    assert seen.subject == "File status report: transaction T1"
    text = " ".join(seen.text.split())
    assert "All 30 pharmacies Records in total 30 Stored as new 29" in text
    lines = re.findall(r"NCPDP (\d+) · NPI \d+: 1 record, 1 (stored as new|with errors)", text)
    assert (len(lines), lines[0]) == (25, ("7000029", "with errors"))
    assert "25 pharmacies are shown, those with errors first; pharmacies.csv, attached, has all 30." in text
    assert len(attached(bench)["pharmacies.csv"]) == 31


async def test_f14_a_test_file_is_never_said_to_be_stored(bench: Bench) -> None:
    """Its records are with or without errors, and that is all."""
    subject, text = await text_of(bench, as_test(file("T1", dispensing("1"), dispensing("2", **BAD))))
    assert subject == "Test file checked: example.dat"
    assert "nothing of it was stored" in text
    assert "Records in total 2 Without errors 1 With errors 1 " in text
    assert not re.search("Stored as new|Duplicates|Voids not found", text)


async def test_r49_a_void_of_a_whole_transaction_says_how_many_were_withdrawn(bench: Bench) -> None:
    """Only those that still stood; sent again it writes no e-mail."""
    await told(bench, file("T1", dispensing("1"), dispensing("2")))
    await told(bench, file("T2", dispensing("3")))
    await told(bench, file("T3", dispensing("2", "02"), dispensing("3", "02")))
    for of, withdrawn in (
        ("T1", "1 record was withdrawn: all that still stood of it."),
        ("T2", "Nothing of it stood any more"),
    ):
        subject, text = await text_of(bench, write_void("4.2B", of, CREATED))
        assert subject == "Transaction voided: example.dat"
        assert f"voids all that transaction {of} brought. {withdrawn}" in text
        assert "Records in total" not in text
        assert await told(bench, write_void("4.2B", of, CREATED)) == []


async def test_r49_a_void_of_an_unknown_transaction_counts_no_record(bench: Bench) -> None:
    """Nothing was withdrawn, and what happens should the transaction still come."""
    subject, text = await text_of(bench, write_void("4.2B", "T9", CREATED))
    assert subject == "Nothing to void: example.dat"
    assert "Nothing was withdrawn. Should it still come" in text
    assert "Records in total" not in text


async def test_f11_a_used_number_is_told_as_what_it_is(bench: Bench) -> None:
    """The file is not broken, and nothing need be corrected in it."""
    await told(bench, file("T1", dispensing("1")))
    subject, text = await text_of(bench, file("T1", dispensing("2"), dispensing("3")))
    assert subject == "Transaction number used before: example.dat"
    assert "Nothing of this submission was stored" in text
    assert "send it again under a number of its own" in text
    assert not re.search("failed as a whole|correct the file", text)


@pytest.mark.parametrize(("body", "says"), [
    (file("T1", dispensing("1", **BAD)), "None of its records was stored."),
    (file("T1", dispensing("1")).replace(b"TT*T1", b"TT*T2"), "Your file failed as a whole. No record of it was stored."),
])  # fmt: skip
async def test_r46_nothing_stored_is_said_first(bench: Bench, body: bytes, says: str) -> None:
    """Whether the file failed, or each of its records did."""
    (seen,) = await told(bench, body)
    assert says in " ".join(seen.text.split())[:200]
    assert says in re.sub("<[^>]*>", "", seen.html)


@pytest.mark.parametrize(
    "last", [dispensing("last", **BAD), dispensing("last", "01")], ids=["its-own-fault", "found-beside-the-store"]
)
async def test_r47_a_record_that_was_not_stored_is_named_behind_any_number_of_warnings(
    bench: Bench, last: Dispensing
) -> None:
    """The warnings are only counted then: a clerk must find what is to be sent again."""
    bench.programme = replace(bench.programme, policy=Policy(check_severities={"R29": "error"}))
    body = file("T1", *(dispensing(f"{number}", PAT16="1") for number in range(150)), last)
    (seen,) = await told(bench, body)
    text = " ".join(seen.text.split())
    assert "the first 100 of 151" not in text
    assert "What was found (100 of 151; warnings are left out first):" in text
    assert "prescription last, filled June 12, 2026" in text
    assert sum(row[2] == "last" for row in attached(bench)["faults.csv"]) == 1
    assert len(attached(bench)["faults.csv"]) == 101


async def test_r47_a_fault_names_its_pharmacy_where_there_are_many(bench: Bench) -> None:
    """By its DEA, else NCPDP, else NPI number, in text, HTML and CSV: two may use the same prescription number."""
    by_ncpdp = {**PHARMACY, "PHA03": "", "PHA02": "0700012"}
    late = dispensing("2", DSP05="20260611")
    unknown = dispensing("3", "01")
    both = [(PHARMACY, [dispensing("1", **BAD)]), (by_ncpdp, [dispensing("1", **BAD), late, unknown])]
    (seen,) = await told(bench, write_transaction("4.2B", "T1", CREATED, both))
    text = " ".join(seen.text.split())
    assert "Error R11, DSP09, DEA AB1234563, prescription 1, filled" in text
    assert "Error R11, DSP09, NCPDP 0700012, prescription 1, filled" in text
    assert "DSP09<br>DEA AB1234563<br>Rx 1" in seen.html
    header, *rows = attached(bench)["faults.csv"]
    named = [(row["check"], row["pharmacy"]) for row in (dict(zip(header, row, strict=True)) for row in rows)]
    assert named == [
        ("R11", "DEA AB1234563"), ("R20", "NCPDP 0700012"), ("R11", "NCPDP 0700012"), ("R31", "NCPDP 0700012"),
        ("R29", "NCPDP 0700012"),
    ]  # fmt: skip
    _, alone = await text_of(bench, file("T2", dispensing("9", **BAD)))
    assert "DSP09, prescription 9, filled" in alone
