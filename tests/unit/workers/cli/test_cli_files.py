"""Files as they are handed in: gzipped where that is worth it, the same bytes each time, refused here when too large."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from messages.codec import Limits, decode
from messages.envelope import ASAP, Envelope
from messages.errors import Malformed
from tests.unit.workers.cli.filled_store import SAMPLES, Pmp
from workers.cli.bodies import Body, packed, read_unpacked

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


def test_submit_names_a_missing_file_before_it_sends_one(
    place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker is not even asked."""
    monkeypatch.setenv("PMP_AMQP_URL", "amqp://guest:guest@127.0.0.1:1/")
    code, _, err = pmp("submit", str(SAMPLE), "no-such-file")
    assert (code, "no-such-file cannot be read" in err) == (1, True)
