"""The administrators' daily digest: one e-mail that tells what waits, and none on a day with nothing to say (R11)."""

from __future__ import annotations

from datetime import date

import pytest

from handlers.digest.listing import ROWS_MAX, listings
from messages.mail import MailBounced
from notifier.preview import preview_of
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.dispensing import dispensing, file, hand_in, register

TODAY = date(2026, 6, 16)
DEAD = (
    "INSERT INTO dead_letters (seq, kind, sender, message_id, properties, body, origin, code, text, faults, attempts, died_at, "
    "state) VALUES (1, 'ticket.opened', 'portal', 'm1', '{}', '', 'process', 'invalid', 'A field is wrong.', '[]', 1, "
    "'2026-06-14T12:00:00.000000Z', 'open')"
)
MAIL = (
    "INSERT INTO outbox (channel, name, destination, facts, state, attempts, created_at, due_at, settled_at) VALUES "
    "('mail', 'ticket.opened', 'bo@example.org', '{}', '%s', 1, '2026-06-15T12:00:00.000000Z', '2026-06-15T12:00:00.000000Z', "
    "'%s')"
)


async def test_r11_a_day_with_nothing_to_say_has_no_digest(bench: Bench) -> None:
    """Silence is the sign that all is well."""
    assert await bench.sweep(TODAY, "administrators_digest") == []


async def test_r11_each_administrator_gets_one_a_day(bench: Bench) -> None:
    """With every listing that has a row; a second run of the day sends nothing more."""
    await bench.change(DEAD)
    await bench.sweep(TODAY, "administrators_digest")
    assert bench.told == [("administrators.digest", "a@example.org"), ("administrators.digest", "b@example.org")]
    assert bench.digest == {
        "Dead letters waiting for an operator (1)": ["1 of ticket.opened: invalid, the oldest 2 days ago"]
    }
    assert await bench.sweep(TODAY, "administrators_digest") == []


@pytest.mark.parametrize(
    ("state", "settled_at", "told"),
    [
        ("held", "2026-06-01T12:00:00.000000Z", True),
        ("refused", "2026-06-15T12:00:00.000000Z", True),
        ("refused", "2026-06-01T12:00:00.000000Z", False),
        ("sent", "2026-06-15T12:00:00.000000Z", False),
    ],
)
async def test_an_e_mail_that_did_not_leave_is_told(bench: Bench, state: str, settled_at: str, told: bool) -> None:
    """A held one until an operator has decided, a refused one once."""
    await bench.change(MAIL % (state, settled_at))
    assert bool(await bench.sweep(TODAY, "administrators_digest")) is told


async def test_r42_r47_silent_dispensers_and_standing_errors_are_told(bench: Bench) -> None:
    """After the last notice to themselves, and after a week."""
    await register(bench)
    await hand_in(bench, file("T1", dispensing("1", DSP09="none")))
    await bench.sweep(date(2026, 6, 30), "administrators_digest")
    assert list(bench.digest) == [
        "Dispensers that stayed overdue (1)",
        "Submissions with records that were not corrected (1)",
    ]


async def test_a_long_listing_is_shortened(bench: Bench) -> None:
    """The e-mail stays readable; the number of all rows stands in its title."""
    for number in range(ROWS_MAX + 7):
        await bench.change(DEAD.replace("invalid", f"invalid_{number}"))
    await bench.sweep(TODAY, "administrators_digest")
    text = bench.written[-1].content.decode()
    assert f"Dead letters waiting for an operator ({ROWS_MAX + 7})" in text
    assert "and 7 more" in text


async def test_a_title_counts_things_and_not_lines(bench: Bench) -> None:
    """Three dead letters of one cause are three, and so are two held e-mails and a refused one, or three marked addresses."""
    for number in (1, 2, 3):
        await bench.change(DEAD.replace("(1,", f"({number},"))
        await bench.change(MAIL % ("refused" if number == 3 else "held", "2026-06-15T12:00:00.000000Z"))
        await bench.send(MailBounced(address=f"bo{number}@example.org", permanence="permanent"))
    await bench.sweep(TODAY, "administrators_digest")
    assert bench.digest == {
        "Dead letters waiting for an operator (3)": ["3 of ticket.opened: invalid, the oldest 2 days ago"],
        "E-mails that did not leave (3)": ["2 held, the oldest 1 day ago", "1 refused, the oldest 1 day ago"],
        "Addresses that take no mail (3)": ["3 bounced"],
    }


async def test_r11_every_listing_says_what_to_do(bench: Bench) -> None:
    """In both parts of the e-mail, beneath its lines; an administrator may see nothing else of the system."""
    assert all(listing.to_do.endswith(".") for listing in listings())
    await bench.change(DEAD)
    await bench.sweep(TODAY, "administrators_digest")
    seen = preview_of(bench.written[-1])
    for shown in (" ".join(seen.text.split()), seen.html):
        assert "`pmp dead-letters replay NO --why REASON` has them processed" in shown


def test_every_listing_has_its_own_title() -> None:
    """And stands at its place."""
    titles = [listing.title for listing in listings()]
    assert len(set(titles)) == len(titles) > 0
