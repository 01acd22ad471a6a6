"""Files and records take effect once by their identity, and the counts add up (R45–R49, F11)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Literal

import pytest

from handlers.dispensation import (
    file_submitted,
    prepare_file_submitted,
    prepare_records_submitted,
    record_submitted_all,
    records_submitted,
)
from handlers.outcomes import Done, Outcome, Refuse
from handlers.registry import Setting
from handlers.rules.policy import Policy
from handlers.secrets import Vault
from handlers.work import Leaving, Programme, Work
from messages.asap.writer import Dispensing, write_transaction, write_void, write_zero_report
from messages.codec import Limits, decode
from messages.dispensation import DispensationFileSubmitted
from messages.envelope import Envelope
from store import submissions
from store.contract import Store, Transaction
from store.postgres import open_postgres
from store.sqlite import open_sqlite

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
PROGRAMME = Programme(Policy(), Vault({}), ("administrators@example.org",), {"gateway": "pharmacy@example.org"})
PHARMACY = {"PHA01": "1234567893", "PHA02": "0700006", "PHA03": "AB1234563", "PHA04": "EXAMPLE PHARMACY"}
CREATED = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)


def dispensing(number: str = "700001", status: str = "00", **fields: str) -> Dispensing:
    """One record that passes every check."""
    values = {
        "PAT07": "EXAMPLE", "PAT08": "ROBIN", "PAT12": "1 EXAMPLE ST", "PAT14": "HARTFORD", "PAT15": "CT",
        "PAT16": "06103", "PAT18": "19800101", "PAT19": "F", "PAT20": "01", "DSP01": status, "DSP02": number,
        "DSP03": "20260610", "DSP04": "0", "DSP05": "20260611", "DSP06": "0", "DSP07": "01", "DSP08": "00093005801",
        "DSP09": "30", "DSP10": "10", "DSP11": "01", "DSP12": "05", "DSP13": "00", "DSP16": "04",
        "PRE01": "1234567893", "PRE02": "AB1234563", "PRE05": "PRESCRIBER", "PRE06": "SAM",
    } | fields  # fmt: skip
    return Dispensing(values, ())


def file(transaction: str, *dispensings: Dispensing, file_type: str = "P") -> bytes:
    """A transaction of one pharmacy."""
    return write_transaction("4.2B", transaction, CREATED, [(PHARMACY, dispensings)], file_type=file_type)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """An empty store of each engine."""
    is_postgres = store_url.startswith("postgres")
    opened: Store = await (open_postgres(store_url, connections=2) if is_postgres else open_sqlite(Path(store_url)))
    try:
        await opened.migrate()
        yield opened
    finally:
        await opened.close()


class Gateway:
    """Hands in files and records one after the other, and remembers what would leave."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.programme = PROGRAMME
        self.seq = 0
        self.notices: list[str] = []

    async def file(self, body: bytes) -> dict[str, Any]:
        """Hand in a file; return the report."""
        message = DispensationFileSubmitted(body=body, file_name="example.dat")
        envelope = Envelope(f"m{self.seq}", message.kind, "gateway", body)
        prepared = prepare_file_submitted(message, Setting(envelope, self.programme, NOW, NOW, None))
        outcome = await self._in_transaction(message, prepared, envelope, file_submitted)
        assert isinstance(outcome, Done)
        assert outcome.result is not None
        return dict(outcome.result)

    async def _in_transaction(
        self,
        message: Any,
        prepared: Any,
        envelope: Envelope,
        handle: Callable[[Work[Any, Any]], Awaitable[Outcome]],
    ) -> Outcome:
        self.seq += 1
        leaving = Leaving(self.seq)

        async def unit(tx: Transaction) -> Outcome:
            return await handle(Work(message, prepared, envelope, self.seq, tx, NOW, NOW, self.programme, leaving))

        outcome = await self.store.write(unit)
        self.notices = [staged.name for staged in leaving.staged if staged.channel == "mail"]
        return outcome

    def severity(self, **severities: Literal["error", "warning", "off"]) -> None:
        """Set what checks find as grave as this from now on."""
        self.programme = replace(PROGRAMME, policy=Policy(check_severities=dict(severities)))

    async def list_of(self, transaction: str, *records: dict[str, Any]) -> dict[str, Any]:
        """Hand in a list of JSON records; return the report."""
        body = json.dumps({"transaction": transaction, "records": records}).encode()
        envelope = Envelope(f"m{self.seq}", "dispensation.records_submitted", "gateway", body)
        message: Any = decode(envelope, Limits())
        prepared = prepare_records_submitted(message, Setting(envelope, self.programme, NOW, NOW, None))
        outcome = await self._in_transaction(message, prepared, envelope, records_submitted)
        assert isinstance(outcome, Done)
        return dict(outcome.result or {})

    async def open_errors(self) -> int:
        """How many records wait for a correction."""
        return sum([row["open_errors"] for row in await self.store.read(submissions.listed)])

    async def records(self, *bodies: dict[str, Any]) -> list[Outcome]:
        """Hand in JSON records in one batch."""
        works: list[Work[Any, Any]] = []

        async def unit(tx: Transaction) -> list[Outcome]:
            for body in bodies:
                self.seq += 1
                envelope = Envelope(
                    f"m{self.seq}", "dispensation.record_submitted", "gateway", json.dumps(body).encode()
                )
                message = decode(envelope, Limits())
                works.append(Work(message, None, envelope, self.seq, tx, NOW, NOW, self.programme, Leaving(self.seq)))
            return await record_submitted_all(works)

        return await self.store.write(unit)


def became(report: dict[str, Any]) -> dict[str, int]:
    """The counts of the only pharmacy, those that are not nought; they must add up to its total (R47)."""
    (counts,) = report["pharmacies"]
    names = ("stored", "duplicates", "revised", "voided", "voids_not_found", "with_errors")
    assert sum(counts[name] for name in names) == counts["total"]
    return {name: counts[name] for name in names if counts[name]}


@pytest.fixture
def gateway(store: Store) -> Gateway:
    """A gateway in front of an empty store."""
    return Gateway(store)


async def test_r47_records_are_stored_and_reported(gateway: Gateway) -> None:
    """Good records are stored, one at fault stays out, and the submitter is told."""
    report = await gateway.file(file("T1", dispensing("1"), dispensing("2"), dispensing("3", DSP09="none")))
    assert report["verdict"] == "accepted"
    assert became(report) == {"stored": 2, "with_errors": 1}
    assert gateway.notices == ["submission.status_report"]


async def test_r02_a_number_that_no_index_holds_keeps_only_its_record_out(gateway: Gateway) -> None:
    """It waits for its correction under how it begins; a transaction's own number fails the file (F08)."""
    huge = Random(1).randbytes(2500).hex()
    report = await gateway.file(file("T1", dispensing("1"), dispensing(huge)))
    assert became(report) == {"stored": 1, "with_errors": 1}
    assert await gateway.open_errors() == 1
    assert (await gateway.file(file(huge, dispensing("1"))))["verdict"] == "failed"


async def test_r48_the_same_record_is_a_duplicate(gateway: Gateway) -> None:
    """Sent again in another transaction it is counted, not stored; fill numbers compare as numbers."""
    await gateway.file(file("T1", dispensing("1")))
    report = await gateway.file(file("T2", dispensing("1", DSP06="00", DSP09="30.0"), dispensing("2"), dispensing("2")))
    assert became(report) == {"stored": 1, "duplicates": 2}


async def test_f11_a_transaction_sent_again_changes_nothing(gateway: Gateway) -> None:
    """The same report, also however and whenever it is written; another file under its number fails as a whole (R48)."""
    first = await gateway.file(file("T1", dispensing("1")))
    assert await gateway.file(file("T1", dispensing("1"))) == first
    assert gateway.notices == []
    padded = file("T1", dispensing("1", PAT08="ROBIN  ")).replace(b"~", b"~\r\n").replace(b"*100000*", b"*113000*")
    assert await gateway.file(b"\xef\xbb\xbf" + padded) == first
    assert gateway.notices == []
    other = await gateway.file(file("T1", dispensing("2")))
    assert (other["verdict"], other["pharmacies"]) == ("failed", [])
    assert [(fault["check"], fault["severity"]) for fault in other["faults"]] == [("F11", "file")]
    assert gateway.notices == ["submission.failed"]
    newest, oldest = await gateway.store.read(submissions.listed)
    assert (newest["verdict"], oldest["verdict"]) == ("failed", "accepted")
    assert await gateway.file(file("T1", dispensing("1"))) == first


async def test_f11_a_list_is_the_same_by_its_records(gateway: Gateway) -> None:
    """It need not say when it was made; other records under its number are another list."""
    first = await gateway.list_of("L1", record("1"), record("2"))
    assert await gateway.list_of("L1", record("1"), record("2")) == first
    assert (await gateway.list_of("L1", record("2"), record("1")))["verdict"] == "failed"


def test_f11_without_a_digest_time_and_size_tell() -> None:
    """What came before digests were kept is still known again."""
    before = submissions.Processed(
        seq=1, report="{}", verdict="accepted", created_at="2026-06-15", body_bytes=9, content_digest=""
    )
    assert before.is_same("ab", "2026-06-15", 9)
    assert not before.is_same("ab", "2026-06-15", 10)


async def test_r49_void_then_new_is_new_again(gateway: Gateway) -> None:
    """A void withdraws the record; a new one after it is stored at once, also within one file."""
    await gateway.file(file("T1", dispensing("1"), dispensing("2")))
    report = await gateway.file(file("T2", dispensing("1", "02"), dispensing("9", "02"), dispensing("1")))
    assert became(report) == {"voided": 1, "voids_not_found": 1, "stored": 1}
    assert became(await gateway.file(file("T3", dispensing("1"), dispensing("2")))) == {"duplicates": 2}


@pytest.mark.parametrize("way", ["file", "list", "alone"])
async def test_r48_a_void_needs_only_what_names_its_record(gateway: Gateway, way: str) -> None:
    """Whatever else is wrong with it, the record is withdrawn, and one that is not known is not found."""
    await gateway.file(file("T1", dispensing("1")))
    wrong = {
        "PRE02": "AB1234567",
        "PAT18": "20269999",
        "PAT07": "",
        "DSP03": "",
        "DSP10": "x",
        "DSP08": "",
        "PAT19": "",
    }
    if way == "file":
        report = await gateway.file(file("T2", dispensing("1", "02", **wrong), dispensing("2", "02", **wrong)))
    else:
        patient = record("1")["patient"] | {"date_of_birth": "2999-01-01", "address": None, "gender": "Q"}
        prescriber = record("1")["prescriber"] | {"dea": "AB1234567"}
        voids = [
            record(number, status="void", patient=patient, prescriber=prescriber, days_supply=0, sold_on="2999-01-01")
            for number in ("1", "2")
        ]
        if way == "alone":
            assert verdicts(await gateway.records(*voids)) == ["voided", "void_not_found"]
            return
        report = await gateway.list_of("L1", *voids)
    assert became(report) == {"voided": 1, "voids_not_found": 1}
    assert [fault["check"] for fault in report["faults"] if fault["prescription"]] == ["R29"]


async def test_r49_revise_keeps_every_version(gateway: Gateway) -> None:
    """A revision replaces the record of its key; one of an unknown record is stored as new."""
    await gateway.file(file("T1", dispensing("1")))
    report = await gateway.file(file("T2", dispensing("1", "01", DSP10="20"), dispensing("5", "01")))
    assert became(report) == {"revised": 1, "stored": 1}


async def test_r29_as_an_error_a_revision_of_an_unknown_record_is_kept_out(gateway: Gateway) -> None:
    """Of files, lists and single records; it waits for its correction, the counts add up, and a void stays not found."""
    gateway.severity(R29="error", R26="warning")
    await gateway.file(file("T1", dispensing("1"), dispensing("2")))
    await gateway.file(file("T2", dispensing("2", "02")))
    animal = {"PAT20": "02", "PAT23": ""}
    unknown = [dispensing("2", "01"), dispensing("5", "01", **animal), dispensing("9", "02")]
    report = await gateway.file(file("T3", dispensing("1", "01", DSP10="20"), *unknown))
    assert became(report) == {"revised": 1, "voids_not_found": 1, "with_errors": 2}
    assert report["pharmacies"][0]["with_warnings"] == 0
    found = [(one["prescription"], one["severity"]) for one in report["faults"] if one["check"] == "R29"]
    assert found == [("2", "error"), ("5", "error"), ("9", "error")]
    assert "stored as new" not in report["faults"][-2]["message"]
    assert await gateway.open_errors() == 2
    listed = await gateway.list_of("L1", record("6", status="revise"), record("7", status="void"), record("8"))
    assert became(listed) == {"stored": 1, "voids_not_found": 1, "with_errors": 1}
    assert await gateway.open_errors() == 3
    revised, voided = await gateway.records(record("6", status="revise"), record("17", status="void"))
    assert isinstance(revised, Refuse)
    assert (revised.code, revised.field) == ("R29", "status")
    assert isinstance(voided, Done)
    assert voided.result is not None
    assert (voided.result["verdict"], [*voided.result]) == ("void_not_found", ["verdict", "errors"])
    assert await gateway.open_errors() == 3
    corrected = await gateway.file(file("T4", dispensing("2"), dispensing("5"), dispensing("6")))
    assert became(corrected) == {"stored": 3}
    assert await gateway.open_errors() == 0
    (void,) = (await gateway.file(write_void("4.2B", "T99", CREATED)))["faults"]
    assert (void["check"], void["severity"]) == ("R29", "error")


async def test_r29_as_an_error_an_older_revision_finds_no_record(gateway: Gateway) -> None:
    """What was voided since is still unknown before that; one between its record and its void revised it in its time."""
    gateway.severity(R29="error")
    await gateway.records(record("1", status="void"))
    report = await gateway.file(file("T1", dispensing("1", "01")))
    assert became(report) == {"with_errors": 1}
    assert became(await gateway.file(file("T2", dispensing("1")))) == {"stored": 1}
    assert became(await gateway.file(file("T3", dispensing("1", "01", DSP10="9")))) == {"revised": 1}


async def test_r29_off_says_nothing(gateway: Gateway) -> None:
    """The revision is stored as new, the void counted as not found."""
    gateway.severity(R29="off")
    report = await gateway.file(file("T1", dispensing("1", "01"), dispensing("2", "02")))
    assert became(report) == {"stored": 1, "voids_not_found": 1}
    assert [fault["check"] for fault in report["faults"]] == ["R20"]
    outcomes = await gateway.records(record("3", status="revise"), record("4", status="void"))
    assert [one.result for one in outcomes if isinstance(one, Done)] == [
        {"verdict": "stored"},
        {"verdict": "void_not_found"},
    ]


async def test_r49_a_whole_transaction_is_voided(gateway: Gateway) -> None:
    """TH03 = 04 withdraws what the earlier transaction brought; sent again it gets the same report (R48)."""
    await gateway.file(file("T1", dispensing("1"), dispensing("2")))
    report = await gateway.file(write_void("4.2B", "T1", CREATED))
    assert report["voided"] == 2
    assert await gateway.file(write_void("4.2B", "T1", CREATED)) == report
    assert gateway.notices == []
    assert (await gateway.file(write_void("4.2B", "T9", CREATED)))["voids_not_found"] == 1


async def test_r42_a_zero_report_is_confirmed(gateway: Gateway) -> None:
    """A zero report is kept and gets its own confirmation."""
    body = write_zero_report("4.2B", "Z1", CREATED, PHARMACY, begins_on=CREATED.date(), ends_on=CREATED.date())
    report = await gateway.file(body)
    assert report["verdict"] == "zero_report"
    assert gateway.notices == ["submission.zero_report"]


async def test_f14_a_test_file_stores_nothing(gateway: Gateway) -> None:
    """A test file is checked and reported; the same transaction in earnest is stored afterwards."""
    report = await gateway.file(file("T1", dispensing("1"), file_type="T"))
    assert report["verdict"] == "test"
    assert became(await gateway.file(file("T1", dispensing("1")))) == {"stored": 1}


async def test_r46_a_broken_file_fails_as_a_whole(gateway: Gateway) -> None:
    """Nothing of it is stored, its faults are named, and the corrected file may carry the same number."""
    report = await gateway.file(file("T1", dispensing("1")).replace(b"TT*T1", b"TT*T2"))
    assert report["verdict"] == "failed"
    assert [fault["check"] for fault in report["faults"]] == ["F08"]
    assert gateway.notices == ["submission.failed"]
    assert became(await gateway.file(file("T1", dispensing("1")))) == {"stored": 1}


def record(number: str = "800001", **fields: Any) -> dict[str, Any]:
    """One JSON record that passes every check."""
    return {
        "dispenser": {"dea": "AB1234563"},
        "patient": {
            "last_name": "EXAMPLE", "first_name": "ROBIN", "address": "1 EXAMPLE ST", "city": "HARTFORD",
            "state": "CT", "zip": "06103", "date_of_birth": "1980-01-01", "gender": "F",
        },
        "prescriber": {"dea": "AB1234563", "last_name": "PRESCRIBER", "first_name": "SAM"},
        "prescription_number": number, "written_on": "2026-06-10", "refills_authorized": 0,
        "filled_on": "2026-06-11", "fill_number": 0, "product_id": "00093005801", "quantity": "30",
        "days_supply": 10, "payment_type": "04",
    } | fields  # fmt: skip


def verdicts(outcomes: list[Outcome]) -> list[Any]:
    """What each record became, or the check that it failed."""
    return [o.code if isinstance(o, Refuse) else o.result["verdict"] for o in outcomes]  # type: ignore[union-attr,index]


async def test_r45_json_records_share_identity_with_files(gateway: Gateway) -> None:
    """A record of a file sent as JSON is a duplicate; within one batch each key is stored once."""
    await gateway.file(file("T1", dispensing("1")))
    outcomes = await gateway.records(record("1"), record("2"), record("2", quantity="30.0"), record("3"))
    assert verdicts(outcomes) == ["duplicate", "stored", "duplicate", "stored"]


async def test_r49_json_records_are_revised_and_voided_in_order(gateway: Gateway) -> None:
    """New, revise, void and new again in one batch take effect one after the other."""
    outcomes = await gateway.records(
        record("1"), record("1", status="revise", days_supply=20), record("1", status="void"),
        record("7", status="void"), record("1"),
    )  # fmt: skip
    assert verdicts(outcomes) == ["stored", "revised", "voided", "void_not_found", "stored"]


@pytest.mark.parametrize(
    ("check", "fields"),
    [
        ("R18", {"dispenser": {"name": "EXAMPLE"}}),
        ("R17", {"dispenser": {"dea": "AB1234567"}}),
        ("R19", {"dispenser": {"npi": "1234567890"}}),
        ("R23", {"prescriber": {"last_name": "PRESCRIBER", "first_name": "SAM"}}),
        ("R04", {"filled_on": "2026-06-16"}),
        ("R05", {"written_on": "2026-06-12"}),
        ("R09", {"product_id": "123"}),
        ("R12", {"days_supply": 0}),
    ],
)
async def test_json_records_are_refused_by_check(gateway: Gateway, check: str, fields: dict[str, Any]) -> None:
    """A record at fault is refused with the check's id; its neighbours are stored."""
    assert verdicts(await gateway.records(record("1"), record("2", **fields))) == ["stored", check]
