"""Two files are the same by what they say, not by how or when they were written (F11, R48)."""

from __future__ import annotations

from datetime import date

import pytest

from messages.asap.reader import Reading
from messages.asap.severities import CheckRules
from tests.unit.messages.asap.asap_files import TODAY

BODY = (
    b"TH*4.2B*T1*01**20260610*100000*P**~~IS*1*EXAMPLE*~PHA*1*0700006*AB1234563*\xc3\x89XAMPLE STORE***~"
    b"PAT*******LAST*ROBIN ANN~DSP*00*1*20260610~PRE*1~TP*5~TT*T1*8~"
)


def digest(body: bytes, today: date = TODAY) -> str:
    """Of a file, whatever else is wrong with it."""
    return Reading(body, CheckRules(today=today)).content_digest


@pytest.mark.parametrize(
    "other",
    [
        BODY.replace(b"~", b"~\r\n").replace(b"~\r\n~", b"~~"),
        b"\xef\xbb\xbf" + BODY,
        BODY.replace(b"20260610*100000", b"20260611*2359"),
        BODY.replace(b"LAST*", b"LAST   *  "),
        BODY.replace(b"ROBIN ANN~", b"ROBIN ANN* ** ~").replace(b"STORE***", b"STORE"),
        BODY.replace(b"*", b"|"),
        BODY.decode().encode("latin-1"),
        BODY + b"\r\n\x1a",
    ],
    ids=["line ends", "BOM", "TH05, TH06", "padding", "empty at the end", "separator", "encoding", "end of file"],
)
def test_f11_how_and_when_it_was_written_is_not_told(other: bytes) -> None:
    """The digest is the same."""
    assert digest(other) == digest(BODY) != ""


@pytest.mark.parametrize(
    ("said", "other"),
    [
        (b"ROBIN ANN", b"ROBINANN"),
        (b"LAST*ROBIN", b"LAST**ROBIN"),
        (b"DSP*00*1*", b"DSP*00*2*"),
        (b"DSP*00", b"DSP*02"),
    ],
)
def test_f11_whatever_is_said_is_told(said: bytes, other: bytes) -> None:
    """A name, a place, a number, a status."""
    assert digest(BODY.replace(said, other)) != digest(BODY)


def test_f11_the_digest_does_not_know_of_windows() -> None:
    """A file longer than is read at once is the same with longer line ends."""
    records = b"PAT*******LAST*ROBIN~DSP*00*1*20260610~PRE*1~" * 3000
    body = BODY.replace(b"TP*5", records + b"TP*5")
    assert digest(body.replace(b"~PRE", b"~\r\n\r\nPRE")) == digest(body)
