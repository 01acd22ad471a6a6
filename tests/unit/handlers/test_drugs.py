"""Which drugs are monitored, and how, is data (R44)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handlers.rules.drugs import CSV_COLUMNS, is_reportable, product_digits, read_drugs
from handlers.rules.policy import Policy
from messages.errors import Invalid
from store import drugs
from store.contract import Transaction
from store.drugs import Drug
from store.sqlite import open_sqlite

SAMPLES = Path(__file__).parents[2] / "samples" / "drugs"
DRUGS = Path(__file__).parents[3] / "workers" / "demo" / "drugs.csv"
HEADER = ",".join(CSV_COLUMNS)
NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)


def lines(name: str) -> list[str]:
    return (SAMPLES / name).read_text().splitlines(keepends=True)


def test_r44_the_fda_directory_names_what_is_monitored() -> None:
    """Schedules II to V, gabapentin over 48 hours, naloxone at any supply and not for animals; nothing else."""
    found = {drug.ndc: drug for drug in read_drugs(lines("product.txt"))}
    assert sorted(found) == ["099910002", "999010001", "999010003", "999010004"]
    assert (found["999010001"].schedule, found["999010001"].drug_class) == ("II", "opioid")
    assert (found["099910002"].schedule, found["099910002"].drug_class) == ("IV", "benzodiazepine")
    assert (found["999010003"].schedule, found["999010003"].monitoring) == ("", "over_48_hours")
    rescue = found["999010004"]
    assert (rescue.monitoring, rescue.drug_class, rescue.for_animals) == ("any_supply", "", False)


def test_r44_an_opioid_with_an_antagonist_in_it_is_an_opioid() -> None:
    """Buprenorphine with naloxone is scheduled, of the opioids' class, and reportable for animals too."""
    header = "PRODUCTNDC\tPROPRIETARYNAME\tSUBSTANCENAME\tPHARM_CLASSES\tDEASCHEDULE\n"
    classes = "Opioid Antagonist [EPC],Partial Opioid Agonist [EPC]"
    row = f"99901-0007\tEXAMPLE\tBUPRENORPHINE; NALOXONE\t{classes}\tCIII\n"
    (drug,) = read_drugs([header, row])
    assert (drug.schedule, drug.drug_class, drug.monitoring, drug.for_animals) == (
        "III",
        "opioid",
        "over_48_hours",
        True,
    )


def test_r44_packages_are_what_their_product_is() -> None:
    """A package gets the facts of its product; one of a product that is not monitored is left out."""
    known = {drug.ndc: drug for drug in read_drugs(lines("product.txt"))}
    packages = {drug.ndc: drug for drug in read_drugs(lines("package.txt"), known)}
    assert sorted(packages) == ["09991000201", "99901000110"]
    assert packages["99901000110"].schedule == "II"


def test_r44_the_table_shipped_for_the_demo_is_whole() -> None:
    """Every schedule and every way of monitoring is in it."""
    found = list(read_drugs(DRUGS.read_text().splitlines()))
    assert {drug.schedule for drug in found} == {"", "II", "III", "IV", "V"}
    assert {(drug.monitoring, drug.for_animals) for drug in found} == {("over_48_hours", True), ("any_supply", False)}


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("12,NAME,II,,over_48_hours,yes", "ndc"),
        ("00093-0058,,II,,over_48_hours,yes", "name"),
        ("00093-0058,NAME,VI,,over_48_hours,yes", "schedule"),
        ("00093-0058,NAME,II,,sometimes,yes", "monitoring"),
        ("00093-0058,NAME,II,,any_supply,maybe", "for_animals"),
        ("00093-0058,NAME,II", "columns"),
    ],
)
def test_r44_a_faulty_line_names_itself(line: str, column: str) -> None:
    """The line and the column are told."""
    with pytest.raises(Invalid) as raised:
        list(read_drugs([HEADER, "00093-0058,NAME,II,opioid,over_48_hours,yes", line]))
    assert raised.value.field == f"line 3.{column}"


def test_r44_every_faulty_line_names_itself() -> None:
    """As they stand in the file, blank lines counted; beyond twenty how many more there are."""
    good = "00093-0058,NAME,II,opioid,over_48_hours,yes"
    with pytest.raises(Invalid) as raised:
        list(
            read_drugs(
                [HEADER, good, "", "0093005801,NAME,II,,any_supply,yes", good, "0093-0058-01,,II,,any_supply,yes"]
            )
        )
    assert [fault.field for fault in raised.value.faults] == ["line 4.ndc", "line 6.name"]
    assert raised.value.text.startswith("line 4, ndc: must be an NDC of 11 digits")
    with pytest.raises(Invalid, match=r"line 21, .* And 3 more\.$"):
        list(read_drugs([HEADER, *["none"] * 23]))


def test_r44_a_quotation_that_never_ends_is_told() -> None:
    """Not as a traceback."""
    with pytest.raises(Invalid, match="quotation mark"):
        list(read_drugs([HEADER, '00093-0058,"NAME', *["x" * 1000] * 200]))


def test_r44_a_file_of_another_kind_is_refused() -> None:
    """Only the three known headers are read."""
    for header in ("", "a,b,c", "PRODUCTNDC\tNAME"):
        with pytest.raises(Invalid):
            list(read_drugs([header]))


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("0093-0058", "000930058"),
        ("99901-001", "999010001"),
        ("99901-0001", "999010001"),
        ("1-2", None),
        ("ab-1", None),
    ],
)
def test_r44_a_product_code_has_nine_digits(text: str, digits: str | None) -> None:
    """Each group is padded on its left, as in an NDC."""
    assert product_digits(text) == digits


@pytest.mark.parametrize(
    ("monitoring", "days", "is_animal", "reportable"),
    [
        ("over_48_hours", 2, False, False),
        ("over_48_hours", 3, False, True),
        ("over_48_hours", 0, False, True),
        ("over_48_hours", 3, True, False),
        ("any_supply", 1, False, True),
        ("any_supply", 30, True, False),
    ],
)
def test_r44_what_must_be_reported(monitoring: str, days: int, is_animal: bool, reportable: bool) -> None:
    """Two days are 48 hours and not over them, none are not told; what is not for animals is not reported for one."""
    drug = Drug("999010001", "EXAMPLE", "", "", monitoring, False)  # type: ignore[arg-type]
    assert is_reportable(drug, days_supply=days, is_animal=is_animal, policy=Policy()) is reportable


async def test_r44_a_package_is_found_before_its_product(tmp_path: Path) -> None:
    """Eleven digits match first, then nine; an unknown NDC is not in the answer, and without a table there is none."""
    store = await open_sqlite(tmp_path / "pmp.db")
    await store.migrate()
    product = Drug("999010001", "PRODUCT", "II", "", "over_48_hours", True)
    package = Drug("99901000120", "PACKAGE", "III", "", "over_48_hours", True)
    asked = ["99901000120", "99901000121", "12345678901"]
    try:
        assert await store.read(lambda tx: drugs.among(tx, asked)) is None

        async def put(tx: Transaction) -> None:
            await drugs.put_all(tx, [product, package], now=NOW)

        await store.write(put)
        found = await store.read(lambda tx: drugs.among(tx, asked))
        assert found == {"99901000120": package, "99901000121": product}
        assert await store.read(lambda tx: drugs.among(tx, ["12345678901"])) == {}

        async def pages(tx: Transaction) -> list[Sequence[Drug]]:
            return [page async for page in drugs.listed(tx, page=1)]

        assert [one.ndc for page in await store.read(pages) for one in page] == ["999010001", "99901000120"]
    finally:
        await store.close()
