"""An operator at three in the morning.

A gateway has sent what nobody can read, and a laboratory's system whose right to open tickets was withdrawn has opened
one all the same. Ana, on call, knows nothing but the command line. She looks where things stand, reads each dead letter
without seeing what only its sender may see, follows one message, and finds the address that takes no mail. She lets the
unreadable one have its turn again, sees it dead again for the same reason, and discards both with hers; her acts are
written down (R27, R60, R61).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from messages.mail import MailBounced
from messages.ticket import TicketOpened
from tests.site import example_ticket
from tests.stories.conftest import Settle
from tests.stories.place import Place

GATEWAY, LABORATORY = "story-gateway", "story-laboratory"
UNSPEAKABLE = "Quillfeather"
UNREADABLE = b'{"ticket_id": "T-2", "category": "dreadful", "subject": "Quillfeather", "requester_name": "Robinia"}'
REASON = "The gateway's release 7 writes tickets nobody can read; its makers know."


@dataclass(frozen=True, slots=True)
class Told:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


async def pmp(place: Place, *argv: str) -> Told:
    """Ana types a command; whatever it prints names no patient."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import sys; from workers.cli import main; sys.exit(main())", *argv,
        env=os.environ | place.site.variables | {"PMP_OPERATOR": "ana"}, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 30)
    told = Told(process.returncode or 0, out.decode(), err.decode())
    assert UNSPEAKABLE not in told.out + told.err
    return told


@pytest.mark.timeout(240)  # twenty commands, each a process of its own
async def test_an_operator_at_three_in_the_morning(settle: Settle) -> None:
    """The whole story, as Ana lives it."""
    both = {GATEWAY: ("ticket.*", "mail.*"), LABORATORY: ("ticket.*",)}
    allowed = {"guest": ["*"], GATEWAY: both[GATEWAY], LABORATORY: ["dispensation.*"]}
    place = await settle(datetime.now(UTC), senders=both, PMP_PUBLISHERS=json.dumps(allowed))
    await a_bad_night(place)
    await sees_where_things_stand(place)
    await reads_each_dead_letter(place)
    await follows_one_message(place)
    await lets_it_have_its_turn_again(place)
    await discards_both(place)
    await finds_the_address_that_takes_no_mail(place)
    await was_written_down(place)
    await place.is_in_order()


async def a_bad_night(place: Place) -> None:
    """The senders know already what Ana is about to find out; the good among them were not held up."""
    ticket = example_ticket("T-1").model_dump()
    laboratory, gateway = place.senders[LABORATORY], place.senders[GATEWAY]
    refused = await laboratory.ask(TicketOpened, **ticket, message_id="lab-1")
    assert (refused.status, refused.code) == ("failed", "not_authorised")
    unreadable = await gateway.ask_body("ticket.opened", UNREADABLE, message_id="gw-1")
    assert (unreadable.status, unreadable.code) == ("failed", "invalid")
    assert [fault.field for fault in unreadable.faults] == ["category", "requester_email", "description"]
    await gateway.does(MailBounced, address=ticket["requester_email"], permanence="permanent", status="5.1.1")
    await gateway.does(TicketOpened, **ticket | {"ticket_id": "T-3"}, message_id="gw-3")
    await place.settled()


async def sees_where_things_stand(place: Place) -> None:
    """Causes in words, where to look next, and that every queue is consumed."""
    shown = await pmp(place, "status")
    assert (shown.code, shown.err) == (0, "")
    assert "ticket.opened has 3 fields at fault. (invalid)" in shown.out
    assert "This sender may not send messages of this kind (R61). (not_authorised)" in shown.out
    assert "→ `pmp dead-letters list`" in shown.out
    assert "→ `pmp outbox list --state refused`" in shown.out
    queues = [line.split() for line in shown.out.splitlines() if line.startswith("pmp.")]
    assert ["pmp.ticket", "0", "1"] in queues
    assert {tuple(numbers) for _, *numbers in queues} == {("0", "1")}


async def reads_each_dead_letter(place: Place) -> None:
    """Fields and shapes, never values; the values only for a reason."""
    listed, first, second, curious = await asyncio.gather(
        pmp(place, "dead-letters", "list"), pmp(place, "dead-letters", "show", "1"),
        pmp(place, "dead-letters", "show", "2", "--json"), pmp(place, "dead-letters", "show", "2", "--reveal"),
    )  # fmt: skip
    assert listed.code == 0
    assert [line.split()[3:6] for line in listed.out.splitlines()[2:4]] == [
        ["ticket.opened", LABORATORY, "lab-1"], ["ticket.opened", GATEWAY, "gw-1"],
    ]  # fmt: skip
    assert "This sender may not send messages of this kind (R61)." in first.out
    assert second.document["sender"] == GATEWAY
    assert [fault["field"] for fault in second.document["faults"]] == ["category", "requester_email", "description"]
    assert second.document["body_shapes"]["category"] == "'AAAAAAAA' (8 long)"
    assert (curious.code, curious.out) == (2, "")
    assert "needs a reason: --why" in curious.err


async def follows_one_message(place: Place) -> None:
    """What came, what became of it, and that its sender was told; an id that nobody sent is said to be none."""
    known, unknown = await asyncio.gather(pmp(place, "trace", "gw-1"), pmp(place, "trace", "gw-9"))
    assert known.code == 0
    assert steps(known) == ["received", "dead", "answered"]
    assert (unknown.code, unknown.out) == (1, "")
    assert "No message of that id was ever taken." in unknown.err


def steps(trace: Told) -> list[str]:
    """What happened to a message, in order."""
    return [line.split()[3] for line in trace.out.splitlines() if " UTC  " in line]


async def lets_it_have_its_turn_again(place: Place) -> None:
    """Nothing was mended, so it dies of the same; the trace tells who replayed it, and why."""
    careless = await pmp(place, "dead-letters", "replay", "2")
    assert (careless.code, careless.out) == (2, "")
    replayed = await pmp(place, "dead-letters", "replay", "2", "--why", "The gateway says that it is mended.")
    assert (replayed.code, replayed.out) == (0, "Replayed: 1.\n")
    await place.comes(datetime.now(UTC))
    told, listed = await asyncio.gather(
        pmp(place, "trace", "gw-1"), pmp(place, "dead-letters", "list", "--state", "any")
    )
    assert steps(told) == ["received", "dead", "answered", "replayed", "dead", "answered"]
    assert "by ana: The gateway says that it is mended." in told.out
    assert told.out.count("ticket.opened has 3 fields at fault. (invalid, field category)") == 2
    assert [line.split()[0:1] + line.split()[3:4] for line in listed.out.splitlines()[2:5]] == [
        ["1", "open"], ["2", "replayed"], ["3", "open"],
    ]  # fmt: skip


async def discards_both(place: Place) -> None:
    """Looked at first, then closed with a reason, once."""
    numbers = ("1", "3", "--why", REASON)
    rehearsed = await pmp(place, "dead-letters", "discard", *numbers, "--dry-run")
    assert (rehearsed.code, rehearsed.out) == (0, "Would be discarded: 2.\n")
    discarded = await pmp(place, "dead-letters", "discard", *numbers)
    assert (discarded.code, discarded.out) == (0, "Discarded: 2.\n")
    again, left = await asyncio.gather(pmp(place, "dead-letters", "discard", *numbers), pmp(place, "status", "--json"))
    assert again.code == 1
    assert again.out.startswith("Discarded: 0.\nNot open: 1, 3.\n")
    assert left.document["dead_letters"]["groups"] == []
    assert left.document["inbox"]["discarded"]["count"] == 2


async def finds_the_address_that_takes_no_mail(place: Place) -> None:
    """The refused e-mail tells why it did not leave, and so does the trace of the message that wanted it."""
    listed, told = await asyncio.gather(
        pmp(place, "outbox", "list", "--state", "refused", "--json"), pmp(place, "trace", "gw-3")
    )
    (refused,) = listed.document
    assert (refused["name"], refused["state"]) == ("ticket.opened", "refused")
    assert "the address is marked, its mail came back" in refused["reply"]
    assert "the address is marked, its mail came back" in told.out
    assert not [mail for mail in place.sink.mails if mail.recipient == refused["destination"]]


async def was_written_down(place: Place) -> None:
    """Whatever Ana did stands in the audit trail under her name (R60)."""
    acts = await pmp(place, "audit", "show", "--actor", "operator:ana", "--json")
    assert acts.code == 0
    assert len(acts.document) == 3, [act["act"] for act in acts.document]
