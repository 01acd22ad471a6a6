"""The search at a month's end finds what it looks for, in every place it looks at."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from store.every_row import every_row
from workers.simulation.said import Said
from workers.simulation.search import Places, search
from workers.simulation.story.cast import Cast
from workers.simulation.story.script import moment

MAIL = "X-PMP-Notice: {notice}\nSubject: News\nTo: robin@example.org\nContent-Type: text/plain\n\n{text}\n"
PASSWORD, LINK = "Made-up-word-1!", "a-links-secret-of-its-own-0123456789"


@dataclass
class Left:
    """What a month left behind: one row, one e-mail, one log line, one file of the broker's."""

    folder: Path

    def __post_init__(self) -> None:
        self.cast = Cast(random.Random(1))
        (self.folder / "mail").mkdir()
        (self.folder / "broker").mkdir()
        (self.folder / "simulation.log").write_text('{"event": "settled"}\n')
        (self.folder / "broker" / "segment").write_bytes(b"\x00")
        self.row("tickets", "nothing")

    def row(self, table: str, text: str) -> None:
        with closing(sqlite3.connect(self.folder / "pmp.db")) as connection:
            connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (no INTEGER, text TEXT)")
            connection.execute(f"INSERT INTO {table} VALUES (1, ?)", (text,))
            connection.commit()

    def mail(self, notice: str, text: str) -> None:
        (self.folder / "mail" / f"{notice}.eml").write_text(MAIL.format(notice=notice, text=text))

    def against(self, listing: str = "") -> dict[str, tuple[str, ...]]:
        """What speaks against each rule."""
        places = Places(
            asyncio.run(every_row(str(self.folder / "pmp.db"))),
            (self.folder / "pmp.db",),
            self.folder / "mail",
            self.folder / "simulation.log",
            listing,
            self.folder / "broker",
        )
        said = [Said(moment(0, "09:00"), "m1", None, password=PASSWORD)]
        return {one.rule: one.against for one in search(places, self.cast, said, {LINK}) if not one.holds}


@pytest.fixture
def left(tmp_path: Path) -> Left:
    """Nothing that should not be there."""
    left = Left(tmp_path)
    assert left.against() == {}
    return left


def test_r27_a_patient_in_an_e_mail_a_log_a_listing_or_the_trail_is_found(left: Left) -> None:
    """By name in any case, by birth date in either writing; in tickets and records they may stand."""
    one = left.cast.patients[0]
    left.row("tickets", f"About {one.last_name}, {one.born_on}.")
    left.row("dispensations", f"{one.last_name} {one.born_on:%Y%m%d} RXQ0000001")
    assert left.against() == {}
    left.mail("review.due_digest", f"Dear doctor, {one.last_name.title()} waits.")
    left.row("audit", f"born {one.born_on}")
    with (left.folder / "simulation.log").open("a") as log:
        log.write(f'{{"event": "{one.born_on:%Y%m%d}"}}\n')
    assert left.against(listing=one.last_name) == {
        "R27": ("e-mail review.due_digest: 1", "listing of dead letters: 1", "log: 1", "table audit: 1")
    }


def test_r47_a_prescription_s_number_may_stand_in_reports_alone(left: Left) -> None:
    """A status report names it; a reminder must not."""
    left.mail("submission.status_report", "RXQ0000001: R09")
    assert left.against() == {}
    left.mail("submission.error_reminder", "RXQ0000001: R09")
    assert left.against() == {"R47": ("e-mail submission.error_reminder: 1",)}


def test_r38_a_secret_is_found_wherever_it_is(left: Left) -> None:
    """A password anywhere, a link's secret anywhere but in the e-mail that brings it."""
    left.mail("account.password_reset", f"https://pmp.example.org/reset/1#{LINK}")
    assert left.against() == {}
    left.mail("account.locked", PASSWORD)
    left.row("outbox", LINK)
    (left.folder / "broker" / "segment").write_bytes(b"\x00" + PASSWORD.encode())
    assert left.against() == {"R38": ("broker's files: 1", "e-mail: 1", "store file: 1")}
