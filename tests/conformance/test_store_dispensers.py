"""Dispensers, drugs, open errors and the order of statements: what is said of them holds on both engines (R42-R49)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar

import pytest

from store import dispensations, dispensers, drugs, submissions
from store.contract import Store, Transaction, as_text
from store.dispensations import Content, Counts
from store.dispensers import Behind, Dispenser, Report
from store.drugs import Drug
from store.submissions import OpenError, Uncorrected
from tests.conformance.examples import NOW

MONDAY = date(2026, 6, 15)
T = TypeVar("T")


def dispenser(dea: str, npi: str = "", *, kind: dispensers.Kind = "pharmacy") -> Dispenser:
    """A dispenser that its DEA number names."""
    return Dispenser(dea, "EXAMPLE", kind, "", dea, npi, "", "pharmacy@example.org", ("gateway", "other"))


async def registered(store: Store, *those: Dispenser, on: date = MONDAY) -> None:
    """They are registered."""

    async def unit(tx: Transaction) -> None:
        for one in those:
            await dispensers.register(tx, one, on=on, seq=1)

    await store.write(unit)


async def looked(store: Store, covered_to: date, *, page: int = 1000) -> list[Behind]:
    """Who has submitted nothing beyond that, and is expected to."""

    async def unit(tx: Transaction) -> list[Sequence[Behind]]:
        found = dispensers.behind(tx, "pharmacy", covered_to=covered_to, page=page)
        return [page async for page in found]

    return [one for page in await store.read(unit) for one in page]


async def behind(store: Store, covered_to: date, *, page: int = 1000) -> list[tuple[str, date]]:
    """The same, by name and day."""
    return [(one.dispenser, one.covered_to) for one in await looked(store, covered_to, page=page)]


async def test_a_dispenser_is_found_by_any_number(store: Store) -> None:
    """With its submitters and standing exemptions; without a register there is no answer at all."""
    assert await store.read(lambda tx: dispensers.among(tx, ["AB1234563"])) is None
    await registered(store, dispenser("AB1234563", "1234567893"), dispenser("AS1234563"))

    async def exempted(tx: Transaction) -> None:
        await dispensers.exempt(tx, "AB1234563", reason="sample", from_on=MONDAY, to_on=None, seq=2)

    await store.write(exempted)
    found = await store.read(lambda tx: dispensers.among(tx, ["1234567893", "AS1234563", "0700004"]))
    assert found is not None
    assert {number: one.dispenser for number, one in found.items()} == {
        "1234567893": "AB1234563", "AS1234563": "AS1234563"
    }  # fmt: skip
    assert found["1234567893"].submitters == ("gateway", "other")
    assert found["1234567893"].exempt_on("2030-01-01") == "sample"
    assert found["1234567893"].exempt_on("2026-06-14") is None
    assert await store.read(lambda tx: dispensers.among(tx, ["0700004"])) == {}


async def test_r42_reports_only_move_forward(store: Store) -> None:
    """The latest of several counts, by whichever number; an unknown number is let pass, a later page goes on."""
    await registered(store, dispenser("AB1234563", "1234567893"), dispenser("AS1234563"), dispenser("AX1234563"))
    day = MONDAY.isoformat()
    reports = [
        Report("AB1234563", "2026-06-16", day), Report("1234567893", "2026-06-18", day),
        Report("AS1234563", "2026-06-01", day), Report("0700004", "2026-06-30", day),
    ]  # fmt: skip
    await store.write(lambda tx: dispensers.report_all(tx, reports))
    assert await behind(store, date(2026, 6, 18), page=1) == [
        ("AS1234563", MONDAY), ("AX1234563", MONDAY), ("AB1234563", date(2026, 6, 18)),
    ]  # fmt: skip
    assert await behind(store, date(2026, 6, 17)) == [("AS1234563", MONDAY), ("AX1234563", MONDAY)]


async def test_r43_exemptions_end(store: Store) -> None:
    """They stand beside what was submitted; one that was taken back before it began is none."""
    await registered(store, dispenser("AB1234563"), dispenser("AS1234563"))
    begins, until = MONDAY + timedelta(days=2), MONDAY + timedelta(days=9)

    async def unit(tx: Transaction) -> list[bool]:
        await dispensers.exempt(tx, "AB1234563", reason="sample", from_on=MONDAY, to_on=until, seq=2)
        await dispensers.exempt(tx, "AB1234563", reason="sample", from_on=begins, to_on=None, seq=3)
        await dispensers.exempt(tx, "AS1234563", reason="sample", from_on=begins, to_on=None, seq=4)
        return [
            await dispensers.end_exemption(tx, "AB1234563", ended_on=begins),
            await dispensers.end_exemption(tx, "AS1234563", ended_on=MONDAY),
            await dispensers.end_exemption(tx, "AS1234563", ended_on=MONDAY),
        ]

    assert await store.write(unit) == [True, True, False]
    assert [(one.dispenser, one.exemptions) for one in await looked(store, MONDAY)] == [
        ("AB1234563", ((MONDAY, begins), (begins, begins))), ("AS1234563", ()),
    ]  # fmt: skip


async def test_r42_zero_reports_beyond_what_was_submitted_stand_beside_it(store: Store) -> None:
    """Each with its own page's dispensers; not of a veterinarian, nor what is covered anyway (R41)."""
    vet = dispenser("AX1234563", kind="veterinarian")
    await registered(store, dispenser("AB1234563"), dispenser("AS1234563"), vet)
    friday, later = MONDAY + timedelta(days=4), MONDAY + timedelta(days=7)

    async def unit(tx: Transaction) -> Mapping[str, Sequence[dispensers.Period]]:
        periods = [("AB1234563", MONDAY, MONDAY), ("AB1234563", MONDAY, friday), ("AB1234563", later, later)]
        periods += [("AS1234563", friday, later), ("AX1234563", friday, later), ("0700004", friday, later)]
        for name, begins, ends in periods:
            days = {"period_from": begins.isoformat(), "period_to": ends.isoformat()}
            await tx.run("submissions.insert_zero_report", dispenser=name, **days, received_at=as_text(NOW), seq=2)
        return await dispensers.zero_periods(tx, {"AB1234563", "AX1234563"})

    assert {name: list(found) for name, found in (await store.write(unit)).items()} == {
        "AB1234563": [(MONDAY, friday), (later, later)]
    }
    assert [(one.dispenser, one.zero_periods) for one in await looked(store, MONDAY, page=1)] == [
        ("AB1234563", ((MONDAY, friday), (later, later))), ("AS1234563", ((friday, later),)),
    ]  # fmt: skip


async def test_r42_one_that_closes_is_expected_to_report_up_to_that_day(store: Store) -> None:
    """The day may be put off until it has come; new particulars change nothing of it before, and begin anew after it."""
    one, tuesday, friday = dispenser("AB1234563"), MONDAY + timedelta(days=1), MONDAY + timedelta(days=4)
    await registered(store, one)

    async def close(on: date, today: date) -> bool:
        return await store.write(lambda tx: dispensers.close(tx, one.dispenser, closed_on=on, today=today))

    assert await close(friday, MONDAY)
    assert await close(tuesday, MONDAY)
    assert not await close(friday, tuesday)
    await registered(store, one)
    assert [(one.covered_to, one.closed_on) for one in await looked(store, friday)] == [(MONDAY, tuesday)]
    await store.write(lambda tx: dispensers.report_all(tx, [Report(one.dispenser, str(tuesday), str(friday))]))
    assert await looked(store, friday) == []
    await registered(store, one, on=tuesday)
    assert [(one.covered_to, one.closed_on) for one in await looked(store, friday)] == [(tuesday, None)]


async def test_r44_a_later_load_replaces_an_entry(store: Store) -> None:
    """By its number; the table is listed in order."""
    entries = [Drug(f"{number:09}", "EXAMPLE", "II", "opioid", "over_48_hours", True) for number in range(120)]
    newer = Drug("000000007", "NEWER", "", "", "any_supply", False)

    async def unit(tx: Transaction) -> list[Sequence[Drug]]:
        await drugs.put_all(tx, entries, now=NOW)
        await drugs.put_all(tx, [newer], now=NOW)
        return [page async for page in drugs.listed(tx, schedule="II", page=50)]

    listed = [one.ndc for page in await store.write(unit) for one in page]
    assert listed == sorted({one.ndc for one in entries} - {newer.ndc})
    assert await store.read(lambda tx: drugs.among(tx, ["00000000711"])) == {"00000000711": newer}


async def test_r47_open_errors_are_closed_by_what_they_are_known_by(store: Store) -> None:
    """Dispenser, prescription, day, fill and partial fill; '' where that was at fault, and then only for the same sender."""
    errors = [OpenError("AB1234563", "1", "2026-06-11", "0", "0", "R11"), OpenError("", "2", "", "0", "", "R17")]

    async def unit(tx: Transaction) -> list[Sequence[Uncorrected]]:
        for seq, sender in ((1, "gateway"), (2, "other")):
            await submissions.insert(
                tx, sender=sender, transaction_control="T1", verdict="accepted", version="4.2B", file_name="",
                body_bytes=1, report="{}", created_at=as_text(NOW), content_digest="", received_at=NOW, seq=seq,
            )  # fmt: skip
            await submissions.keep_errors(tx, errors[seq - 1 :], sender=sender, reported_on=MONDAY, now=NOW, seq=seq)
        records = [("gateway", "AB1234563", number, "2026-06-11", "0", "0") for number in ("1", "2")]
        await submissions.correct_all(tx, records, now=NOW, seq=3)
        found = submissions.uncorrected(tx, reported_from=MONDAY, reported_to=MONDAY, page=1)
        return [page async for page in found]

    left = [one for page in await store.write(unit) for one in page]
    assert [(one.seq, one.sender, one.errors) for one in left] == [(2, "other", 1)]


@pytest.mark.parametrize(("submitters", "own"), [((), 2), (("gateway",), 2), (("other", "gate"), 1)])
async def test_r61_records_of_anothers_dispenser_may_be_left_out(
    store: Store, submitters: tuple[str, ...], own: int
) -> None:
    """Those of a dispenser that is registered for others; one that nobody registered is anyone's."""
    errors = [
        OpenError("AB1234563", "1", "2026-06-11", "0", "0", "R11"),
        OpenError("AS1234563", "2", "2026-06-11", "0", "0", "R11"),
    ]

    async def unit(tx: Transaction) -> list[int]:
        known = Dispenser("AB1234563", "A", "pharmacy", "", "AB1234563", "", "", "a@example.org", submitters)
        await dispensers.register(tx, known, on=MONDAY, seq=1)
        await submissions.insert(
            tx, sender="gateway", transaction_control="T1", verdict="accepted", version="4.2B", file_name="",
            body_bytes=1, report="{}", created_at=as_text(NOW), content_digest="", received_at=NOW, seq=2,
        )  # fmt: skip
        await submissions.keep_errors(tx, errors, sender="gateway", reported_on=MONDAY, now=NOW, seq=2)
        return [
            one.errors
            for also_foreign in (True, False)
            async for page in submissions.uncorrected(
                tx, reported_from=MONDAY, reported_to=MONDAY, also_foreign=also_foreign
            )
            for one in page
        ]

    assert await store.write(unit) == [2, own]


async def test_r47_an_error_told_again_keeps_its_first_day(store: Store) -> None:
    """It moves to the newer message, with the day of the older one."""
    error = OpenError("AB1234563", "1", "2026-06-11", "0", "0", "R11")

    async def unit(tx: Transaction) -> list[Sequence[Uncorrected]]:
        for seq, day in ((1, MONDAY), (2, MONDAY + timedelta(days=3))):
            await submissions.insert(
                tx, sender="gateway", transaction_control=f"T{seq}", verdict="accepted", version="4.2B", file_name="",
                body_bytes=1, report="{}", created_at=as_text(NOW), content_digest="", received_at=NOW, seq=seq,
            )  # fmt: skip
            await submissions.keep_errors(tx, [error], sender="gateway", reported_on=day, now=NOW, seq=seq)
        found = submissions.uncorrected(tx, reported_from=MONDAY, reported_to=MONDAY + timedelta(days=9))
        return [page async for page in found]

    ((left,),) = await store.write(unit)
    assert (left.transaction_control, left.reported_on, left.errors) == ("T2", MONDAY, 1)


async def test_r49_what_arrives_behind_finds_its_place(store: Store) -> None:
    """New, a void that is older than a duplicate, an old revision: the record says what it would in order."""

    def said(minute: int, days: int) -> Content:
        return Content(
            "AB1234563", "RX1", "2026-06-11", 0, "30", 0, "active", "2026-06-15", "2026-06-10", days, "00093005801",
            "AB1234563", "", "EXAMPLE", "ROBIN", "1980-01-01", "F", "06103", "01", "04", f"DSP~{days}", "",
            said_at=as_text(NOW + timedelta(minutes=minute)),
        )  # fmt: skip

    counts = Counts()

    async def unit(tx: Transaction) -> tuple[str, int]:
        await dispensations.store_new(tx, [said(1, 1)], now=NOW, seq=1, counts=counts)
        await dispensations.store_new(tx, [said(5, 1)], now=NOW, seq=2, counts=counts)
        await dispensations.void(tx, said(3, 1), now=NOW, seq=3, counts=counts)
        await dispensations.revise(tx, said(2, 7), now=NOW, seq=4, counts=counts)
        first = await tx.rows("dispensations.said", **dispensations.identity_of(said(0, 0)))
        return first[0]["state"], first[0]["days_supply"]

    assert await store.write(unit) == ("active", 1)
    assert (counts.stored, counts.duplicates, counts.voided, counts.revised) == (1, 1, 1, 1)
