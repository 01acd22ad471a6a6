"""A critical ticket in the night.

On a Saturday at a quarter past two nobody can search any more, and a pharmacist says so. The receipt names Monday's
opening; whoever is on call hears at once. The response target comes near and is missed: each is told once. Then there
is an answer, and before dawn the problem is solved. On Sunday the pharmacist writes that it is back: the same ticket is
open again, with new targets, and on-call hears again. It is solved, closed, and after fourteen days a new one must be
opened (R27, R70-R75).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from messages.ticket import (
    TicketAnswered,
    TicketClosed,
    TicketOpened,
    TicketReopened,
    TicketReplyReceived,
    TicketResolved,
)
from tests.stories.conftest import Settle
from tests.stories.people import ADMINISTRATOR
from tests.stories.place import Place

BEGINS_AT = datetime(2026, 3, 7, 7, 15, tzinfo=UTC)  # 02:15 in New York; clocks change in the night after
SATURDAY, SUNDAY, MONDAY = date(2026, 3, 7), date(2026, 3, 8), date(2026, 3, 9)
REQUESTER, ON_CALL, STAFF = "pharmacist@example.org", "on-call@example.org", "support@example.org"
UNSPEAKABLE = "Robinia Quillfeather"


async def test_a_critical_ticket_in_the_night(settle: Settle) -> None:
    """The whole story, as the pharmacist, the help desk and the administrators live it."""
    place = await settle(BEGINS_AT, PMP_ON_CALL=f'["{ON_CALL}"]')
    number = await is_opened(place)
    await the_response_is_late(place, number)
    await is_answered_and_resolved(place, number)
    await a_reply_reopens_it(place, number)
    await is_closed_for_good(place, number)
    assert not any(b"quillfeather" in mail.content.lower() for mail in place.sink.mails)
    await place.is_in_order()


async def is_opened(place: Place) -> str:
    """The requester has a number and the next opening; on-call and the administrators are told at once (R70, R74)."""
    opened = await place.portal.does(
        TicketOpened, ticket_id="T-1", category="critical", requester_name="Bo Pharmacist", requester_email=REQUESTER,
        subject=f"No result for {UNSPEAKABLE}", description="Nobody can search: every search ends in an error.",
    )  # fmt: skip
    number = str(opened["number"])
    receipt = await place.reads_one(REQUESTER, f"We have your request, ticket {number}")
    assert "opens again on Monday, March 9, 2026, 8:00 AM EDT" in receipt.text
    called = await place.reads_one(ON_CALL, f"Critical ticket {number} needs you now")
    assert "Respond by: March 7, 2026, 2:45 AM EST" in called.text
    assert "Resolve by: March 7, 2026, 6:15 AM EST" in called.text
    await place.reads_one(ADMINISTRATOR, f"Critical ticket {number}")
    return number


async def the_response_is_late(place: Place, number: str) -> None:
    """Minute by minute: near after 24 of the 30 minutes, missed after 30, each told once to each (R71, R74)."""
    told: dict[int, list[str]] = {}
    for minute in range(1, 36):
        await place.minutes_pass(1)
        for letter in await place.reads(ADMINISTRATOR, ON_CALL):
            told.setdefault(minute, []).append(f"{letter.recipient}: {letter.subject}")
    assert told == {
        minute: [f"{who}: Ticket {number}: response target {what}" for who in (ADMINISTRATOR, ON_CALL)]
        for minute, what in ((24, "is near"), (30, "was missed"))
    }


async def is_answered_and_resolved(place: Place, number: str) -> None:
    """The requester hears that there is an answer, not what it says; what is resolved in time is not warned of (R27, R74)."""
    answer = {"ticket_id": "T-1", "actor": STAFF, "answer": f"We see it too, for {UNSPEAKABLE} and for everyone."}
    await place.portal.does(TicketAnswered, **answer)
    await place.reads_one(REQUESTER, f"An answer to your request, ticket {number}")
    await place.day_comes(SATURDAY, time(4, 30))
    assert await place.portal.is_refused(TicketClosed, ticket_id="T-1", actor=STAFF) == "ticket_not_resolved"
    await place.portal.does(TicketResolved, ticket_id="T-1", actor=STAFF, resolution="The index was made anew.")
    resolved = await place.reads_one(REQUESTER, f"Ticket {number} is resolved")
    assert "March 21, 2026" in resolved.text
    for hour in (5, 6, 7):
        await place.day_comes(SATURDAY, time(hour, 30))
    assert [letter.subject for letter in await place.reads(ADMINISTRATOR, ON_CALL) if number in letter.subject] == []


async def a_reply_reopens_it(place: Place, number: str) -> None:
    """Number and history stay, the targets are new, and whoever is on call on Sunday hears at once (R75)."""
    await place.day_comes(SUNDAY, time(10))
    await place.portal.does(TicketReplyReceived, ticket_id="T-1", reply=f"Again, for {UNSPEAKABLE}.")
    await place.reads_one(REQUESTER, f"Ticket {number} is open again")
    called = await place.reads_one(ON_CALL, f"Critical ticket {number} needs you now")
    assert "Respond by: March 8, 2026, 10:30 AM EDT" in called.text
    await place.day_comes(SUNDAY, time(13, 12))
    subjects = [letter.subject for letter in await place.reads(ON_CALL)]
    assert sorted(subjects) == [
        f"Ticket {number}: resolution target is near",
        f"Ticket {number}: response target was missed",
    ]
    await place.portal.does(TicketResolved, ticket_id="T-1", actor=STAFF, resolution="Another node had it, too.")
    await place.reads_one(REQUESTER, f"Ticket {number} is resolved")
    history = place.site.counted.rows("SELECT act FROM ticket_history ORDER BY no")
    assert [act for (act,) in history] == ["opened", "answered", "resolved", "reply_received", "resolved"]


async def is_closed_for_good(place: Place, number: str) -> None:
    """Closed on Monday; a reply does not reopen it, an administrator may within fourteen days, nobody after (R74, R75)."""
    await place.day_comes(MONDAY)
    await place.portal.does(TicketClosed, ticket_id="T-1", actor=STAFF)
    await place.reads_one(REQUESTER, f"Ticket {number} is closed")
    assert await place.portal.is_refused(TicketReplyReceived, ticket_id="T-1", reply="Thanks!") == "ticket_closed"
    reopening = {"ticket_id": "T-1", "actor": ADMINISTRATOR, "reason": "It is back."}
    await place.day_comes(date(2026, 3, 23))
    await place.portal.does(TicketReopened, **reopening)
    await place.reads_one(REQUESTER, f"Ticket {number} is open again")
    await place.portal.does(TicketResolved, ticket_id="T-1", actor=STAFF, resolution="The last node, too.")
    await place.day_comes(date(2026, 4, 7))
    assert await place.portal.is_refused(TicketReopened, **reopening) == "reopening_over"
