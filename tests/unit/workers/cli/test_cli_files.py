"""Files as they are handed in: gzipped where that is worth it, the same bytes each time, refused here when too large."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
from pathlib import Path
from typing import Self
from unittest.mock import AsyncMock

import aio_pika
import pytest

from messages.answer import Answer
from messages.codec import Limits, decode
from messages.envelope import ASAP, Envelope
from messages.errors import BrokerAway, Malformed
from tests.unit.workers.cli.filled_store import SAMPLES, Pmp
from workers.cli import main
from workers.cli.bodies import Body, packed, read_unpacked
from workers.cli.reports import has_errors, show_answer
from workers.client import Publisher

SAMPLE = SAMPLES / "accepted.clean.version-5.0.dat"
MOST = 1024 * 1024


def test_a_large_file_is_gzipped_by_itself(tmp_path: Path) -> None:
    """From 64 KiB on; the same file gives the same bytes, or a repetition would be another message."""
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"x" * 65535)
    large.write_bytes(b"x" * 65536)
    assert packed(small, use_gzip=None, bytes_max=MOST) == Body(small.read_bytes())
    body = packed(large, use_gzip=None, bytes_max=MOST)
    assert (body.content_encoding, gzip.decompress(body.wire)) == ("gzip", large.read_bytes())
    assert packed(large, use_gzip=None, bytes_max=MOST) == body
    assert packed(large, use_gzip=False, bytes_max=MOST) == Body(large.read_bytes())
    assert packed(small, use_gzip=True, bytes_max=MOST).content_encoding == "gzip"


@pytest.mark.parametrize("use_gzip", [None, True, False])
def test_a_gzipped_file_travels_as_it_is(tmp_path: Path, use_gzip: bool | None) -> None:
    """It is not packed twice, and the workers read what was in it."""
    file = tmp_path / "file.dat.gz"
    file.write_bytes(gzip.compress(SAMPLE.read_bytes()))
    body = packed(file, use_gzip=use_gzip, bytes_max=MOST)
    assert body == Body(file.read_bytes(), "gzip")
    envelope = Envelope(
        message_id="m", kind="dispensation.file_submitted", sender="s", body=body.wire, content_type=ASAP,
        content_encoding="gzip",
    )  # fmt: skip
    assert getattr(decode(envelope, Limits()), "body", None) == SAMPLE.read_bytes()


def test_a_file_that_the_workers_would_refuse_is_not_sent(tmp_path: Path) -> None:
    """Its size on the way counts, not its size here."""
    file = tmp_path / "file"
    file.write_bytes(b"x" * 5000)
    assert packed(file, use_gzip=True, bytes_max=1000).content_encoding == "gzip"
    with pytest.raises(Malformed, match="the workers take 1000"):
        packed(file, use_gzip=False, bytes_max=1000)


def test_check_reads_gzipped_files(place: Path, pmp: Pmp, tmp_path: Path) -> None:
    """What can be submitted can be checked; broken gzip is 1."""
    file = tmp_path / "file.gz"
    file.write_bytes(gzip.compress(SAMPLE.read_bytes()))
    assert pmp("check", str(file))[0] == 0
    file.write_bytes(file.read_bytes()[:-20])
    code, _, err = pmp("check", str(file))
    assert (code, "cut short" in err) == (1, True)
    file.write_bytes(b"\x1f\x8bnot gzip at all")
    assert pmp("check", str(file))[0] == 1


def test_a_file_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    """No more than the limit is ever held."""
    file = tmp_path / "bomb.gz"
    file.write_bytes(gzip.compress(bytes(10_000_000)))
    with pytest.raises(Malformed, match="unpacks to more"):
        read_unpacked(file, bytes_max=1000)


def test_f11_a_file_under_a_used_number_is_at_fault() -> None:
    """Nothing of it was stored: a script must not go on."""
    report = {"verdict": "failed", "pharmacies": [], "faults": [{"check": "F11", "severity": "file"}]}
    assert has_errors(report)
    assert not has_errors(report | {"verdict": "accepted", "faults": [{"check": "R31", "severity": "warning"}]})


def test_submit_names_a_missing_file_before_it_sends_one(
    place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker is not even asked."""
    monkeypatch.setenv("PMP_AMQP_URL", "amqp://guest:guest@127.0.0.1:1/")
    code, _, err = pmp("submit", str(SAMPLE), "no-such-file")
    assert (code, "no-such-file cannot be read" in err) == (1, True)


class EndsAfter(Publisher):
    """A broker that is away once so many files were answered."""

    answered_max = 2

    async def __aenter__(self) -> Self:
        return self

    async def ask_body(self, kind: str, body: bytes, *, message_id: str, **more: object) -> Answer:
        type(self).answered_max -= 1
        if self.answered_max < 0:
            raise BrokerAway("RabbitMQ is away.")
        report = {"verdict": "accepted", "version": "5.0", "transaction": "1", "pharmacies": [], "faults": []}
        return Answer(status="accepted", message_id=message_id, kind=kind, result=report)


@pytest.mark.parametrize(
    ("answered", "states"),
    [
        (0, ["unknown", "not_sent", "not_sent", "not_sent"]), (2, ["accepted", "accepted", "unknown", "not_sent"]),
        (3, ["accepted", "accepted", "accepted", "unknown"]),
    ],
)  # fmt: skip
def test_reports_received_before_the_broker_went_away_are_told(
    place: Path, pmp: Pmp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answered: int, states: list[str]
) -> None:
    """One document all the same: a report for each answered file, who may have arrived and as what, who was not sent."""
    monkeypatch.setenv("PMP_AMQP_URL", "amqp://guest:guest@127.0.0.1:1/")
    monkeypatch.setattr(EndsAfter, "answered_max", answered)
    monkeypatch.setattr("workers.client.Publisher", EndsAfter)
    files = [tmp_path / f"{name}.dat" for name in "abcd"]
    for file in files:
        file.write_bytes(SAMPLE.read_bytes())
    code, out, err = pmp("submit", *map(str, files), "--json")
    told = json.loads(out)
    assert (code, [one.get("verdict") or one["status"] for one in told]) == (69, states)
    assert [one["file_name"] for one in told[answered:]] == [file.name for file in files[answered:]]
    assert f"{files[answered].name} may have arrived: repeat it with --message-id {told[answered]['message_id']}" in err
    assert ("Not sent: d.dat." in err) == (answered == 2)


class NeverAnswers(EndsAfter):
    """A broker that took the message, while somebody loses patience."""

    async def ask_body(self, kind: str, body: bytes, *, message_id: str, **more: object) -> Answer:
        signal.raise_signal(signal.SIGINT)
        await asyncio.Event().wait()
        raise AssertionError


@pytest.mark.parametrize(
    "argv", [["submit", str(SAMPLE), "b"], ["publish", "dispensation.file_submitted", str(SAMPLE), "--wait"]]
)
def test_ctrl_c_tells_under_which_id_it_can_be_repeated(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    """What was under way may have arrived; 130."""
    Path("b").write_bytes(SAMPLE.read_bytes())
    monkeypatch.setenv("PMP_AMQP_URL", "amqp://guest:guest@127.0.0.1:1/")
    monkeypatch.setattr("workers.client.Publisher", NeverAnswers)
    with pytest.raises(SystemExit) as ended:
        main(argv)
    err = capsys.readouterr().err
    assert (ended.value.code, "may have arrived: repeat it with --message-id" in err) == (130, True)
    assert ("Not sent: b." in err) == (argv[0] == "submit")


async def test_a_name_that_is_no_utf_8_does_not_stop_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk takes any bytes for a name, AMQP does not."""
    published: list[aio_pika.Message] = []
    exchange = AsyncMock(publish=AsyncMock(side_effect=lambda message, *_, **__: published.append(message)))
    monkeypatch.setattr(Publisher, "_exchange", AsyncMock(return_value=exchange))
    publisher = Publisher("amqp://guest:guest@127.0.0.1:1/", app_id="test")
    await publisher.publish_body("k", b"", content_type=ASAP, message_id="m", file_name=os.fsdecode(b"week\xff.dat"))
    assert published[0].headers == {"file_name": "week?.dat"}


def test_a_broker_that_was_never_there_took_no_file(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file is one object, and certainly not sent."""
    monkeypatch.setenv("PMP_AMQP_URL", "amqp://guest:guest@127.0.0.1:1/")
    code, out, _ = pmp("submit", str(SAMPLE), "--json")
    assert (code, json.loads(out)) == (69, {"status": "not_sent", "file_name": SAMPLE.name})


def test_a_file_that_is_too_large_stops_the_run_with_what_was_received(
    place: Path, pmp: Pmp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the input's fault, and the report before it is told."""
    monkeypatch.setenv("PMP_AMQP_URL", "amqp://guest:guest@127.0.0.1:1/")
    monkeypatch.setenv("PMP_FILE_BYTES_MAX", "10000")
    monkeypatch.setattr("workers.client.Publisher", EndsAfter)
    large = tmp_path / "large.dat"
    large.write_bytes(bytes(10_001))
    code, out, _ = pmp("submit", str(SAMPLE), str(large), "--no-gzip", "--json")
    first, second = json.loads(out)
    assert (code, first["verdict"], second) == (1, "accepted", {"status": "not_sent", "file_name": "large.dat"})


def test_a_refused_file_is_shown_with_its_report(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """The no and why come first (R61); in JSON the whole answer, with the report in it; either way 1."""

    async def refused(self: EndsAfter, kind: str, body: bytes, *, message_id: str, **more: object) -> Answer:
        report = {"verdict": "accepted", "version": "5.0", "transaction": "T1", "pharmacies": [], "faults": []}
        return Answer(status="refused", message_id="m", kind=kind, code="R21", text="PHA03: not yours.", result=report)

    monkeypatch.setenv("PMP_AMQP_URL", "amqp://guest:guest@127.0.0.1:1/")
    monkeypatch.setattr("workers.client.Publisher", EndsAfter)
    monkeypatch.setattr(EndsAfter, "ask_body", refused)
    code, out, _ = pmp("submit", str(SAMPLE))
    first, second = out.splitlines()[:2]
    assert (code, first) == (1, f"{SAMPLE.name}: refused. PHA03: not yours. (R21)")
    assert "transaction T1" in second
    code, out, _ = pmp("submit", str(SAMPLE), "--json")
    told = json.loads(out)
    assert (code, told["status"], told["code"], told["result"]["transaction"]) == (1, "refused", "R21", "T1")


def test_a_record_s_verdict_is_no_report(capsys: pytest.CaptureFixture[str]) -> None:
    """A record in JSON is answered with a verdict and without counts (R45): the answer is shown as it is."""
    kind = "dispensation.record_submitted"
    show_answer("m1", Answer(status="accepted", message_id="m1", kind=kind, result={"verdict": "voided"}))
    assert capsys.readouterr().out == 'm1: accepted. {"verdict": "voided"}\n'
