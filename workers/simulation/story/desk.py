"""The help desk's month: tickets of every fate, conduct, a bounce, what nobody should have sent (R25, R61, R70–R75)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from messages.approval import ApprovalAdministratorDecided
from messages.conduct import ConductNoted, ConductOutcomeRecorded, ConductReferred, ConductReported
from messages.mail import MailAddressRestored, MailBounced
from messages.ticket import (
    Category,
    TicketAnswered,
    TicketAssigned,
    TicketClosed,
    TicketEscalated,
    TicketOpened,
    TicketRecategorised,
    TicketReopened,
    TicketReplyReceived,
    TicketResolved,
)
from workers.simulation.story.cast import PHARMACIST, Cast, Person
from workers.simulation.story.people import People
from workers.simulation.story.script import CHIEF, DEPUTY, Script

STAFF = "staff@pmp.example.org"
CATEGORIES: tuple[Category, ...] = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Desk:
    """The steps of a ticket, each said at an hour of a day."""

    script: Script

    def open(self, ticket_id: str, one: Person, category: Category, day: int, hour: str, text: str) -> None:
        """Somebody has a problem."""
        message = TicketOpened(
            ticket_id=ticket_id, category=category, requester_name=f"{one.first_name} {one.last_name}",
            requester_email=one.email, subject="The search shows no result", description=text,
        )  # fmt: skip
        self.script.say(day, hour, message)

    def answer(self, ticket_id: str, day: int, hour: str) -> None:
        """Staff answer."""
        self.script.say(day, hour, TicketAnswered(ticket_id=ticket_id, actor=STAFF, answer="Please try again."))

    def recategorise(self, ticket_id: str, day: int, hour: str, category: Category) -> None:
        """It is more or less urgent than it seemed."""
        message = TicketRecategorised(ticket_id=ticket_id, actor=STAFF, category=category, reason="Looked at again.")
        self.script.say(day, hour, message)

    def escalate(self, ticket_id: str, day: int, hour: str, target: Literal["vendor", "state_bureau"]) -> None:
        """Somebody else must help."""
        self.script.say(day, hour, TicketAssigned(ticket_id=ticket_id, actor=STAFF, assignee=STAFF))
        message = TicketEscalated(ticket_id=ticket_id, actor=CHIEF, target=target, reason="Not ours.")
        self.script.say(day, hour, message)

    def resolve(self, ticket_id: str, day: int, hour: str) -> None:
        """It is solved."""
        self.script.say(day, hour, TicketResolved(ticket_id=ticket_id, actor=STAFF, resolution="Mended."))

    def close(self, ticket_id: str, day: int, hour: str) -> None:
        """It is closed."""
        self.script.say(day, hour, TicketClosed(ticket_id=ticket_id, actor=STAFF))

    def reopen(self, ticket_id: str, day: int, hour: str) -> None:
        """It is back."""
        self.script.say(day, hour, TicketReopened(ticket_id=ticket_id, actor=STAFF, reason="Not mended."))

    def reply(self, ticket_id: str, day: int, hour: str) -> None:
        """The requester writes again."""
        self.script.say(day, hour, TicketReplyReceived(ticket_id=ticket_id, reply="It is still so."))


def desk_of_the_month(script: Script, cast: Cast, people: People) -> None:
    """Everything of this kind is in the script."""
    desk = Desk(script)
    _told_fates(desk, cast, people)
    for day in range(script.days):
        for place in range(cast.chance.randrange(1, 3)):
            _any_fate(desk, cast, people, day, f"T-{day:02}-{place}")
    _conduct(script, cast)
    _mail(script, people)
    _nobody_should(script)


def _told_fates(desk: Desk, cast: Cast, people: People) -> None:
    """Each step once at least, also where it is refused; a requester writes a patient's name, which must go no further (R27)."""
    patient, founders = cast.patients[0], people.founders
    text = f"I cannot find {patient.first_name} {patient.last_name}, born {patient.born_on}."
    desk.open("T-A", founders[0], "critical", 0, "02:10", text)  # at night: whoever is on call
    desk.answer("T-A", 0, "02:20")
    desk.resolve("T-A", 0, "05:10")
    desk.close("T-A", 1, "09:10")
    desk.reply("T-A", 2, "09:10")  # closed: refused
    desk.reopen("T-A", 2, "09:20")
    desk.resolve("T-A", 2, "10:10")
    desk.open("T-B", founders[1], "low", 0, "16:20", text)
    desk.recategorise("T-B", 1, "10:20", "high")
    desk.recategorise("T-B", 1, "10:30", "high")
    desk.escalate("T-B", 1, "10:40", "vendor")
    desk.resolve("T-B", 6, "10:10")
    desk.reply("T-B", 7, "10:10")
    desk.resolve("T-B", 8, "10:10")
    desk.close("T-B", 9, "10:10")
    desk.reopen("T-B", 26, "10:10")  # too late
    desk.open("T-C", founders[2], "high", 3, "16:30", text)  # Friday afternoon: the night and the weekend do not count
    desk.escalate("T-C", 6, "09:10", "state_bureau")
    desk.close("T-C", 6, "09:20")  # not resolved yet
    desk.reply("T-C", 6, "09:30")
    desk.answer("T-C", 6, "12:10")
    desk.open("T-C", founders[3], "high", 7, "09:10", text)  # its id is taken


def _any_fate(desk: Desk, cast: Cast, people: People, day: int, ticket_id: str) -> None:
    """One of any category, at any hour, answered and resolved soon, late or never."""
    chance = cast.chance
    hour = f"{chance.randrange(24):02}:{chance.choice((5, 35)):02}"
    desk.open(ticket_id, chance.choice(people.founders), chance.choice(CATEGORIES), day, hour, "The page stays empty.")
    answered = day + chance.choice((1, 1, 2, 4))
    if chance.random() < 0.8:
        desk.answer(ticket_id, answered, f"{chance.randrange(8, 17):02}:35")
    if chance.random() < 0.7:
        resolved = answered + chance.choice((1, 1, 3, 12))
        desk.resolve(ticket_id, resolved, "16:40")
        if chance.random() < 0.6:
            desk.close(ticket_id, resolved + 1, "16:40")


def _conduct(script: Script, cast: Cast) -> None:
    """Reported, noted, referred, closed; one case stays open (R25, R64)."""
    patient = cast.patients[1]
    text = f"Somebody looked at {patient.last_name} out of curiosity."
    script.say(1, "16:10", ConductReported(case_id="C-1", what="unauthorised_use", text=text))
    script.say(2, "16:10", ConductNoted(case_id="C-1", actor=CHIEF, note=f"Spoken to about {patient.last_name}."))
    referred = ConductReferred(
        case_id="C-1", actor=CHIEF, agency="Example Board", agency_email="board@agency.example.org"
    )
    script.say(3, "16:10", referred)
    outcome = ConductOutcomeRecorded(case_id="C-1", actor=CHIEF, outcome="substantiated")
    script.say(5, "16:10", outcome)
    script.say(5, "16:15", referred)  # closed
    for day in range(4, script.days, 9):
        script.say(day, "23:10", ConductReported(case_id=f"C-{day + 10}", what="policy_violation", text=text))


def _mail(script: Script, people: People) -> None:
    """An address bounces for good and is restored; another for now."""
    one, other = people.of(PHARMACIST)[2], people.of(PHARMACIST)[4]
    script.say(1, "08:30", MailBounced(address=one.email, permanence="permanent", status="5.1.1"))
    script.say(1, "08:30", MailBounced(address=other.email, permanence="transient", status="4.2.2"))
    restored = MailAddressRestored(address=one.email, actor=CHIEF, reason="Spoken to.")
    script.say(8, "08:30", restored)
    script.say(8, "08:35", restored)


def _nobody_should(script: Script) -> None:
    """No reader understands it, no family has it, nobody may say it, nobody is meant by it; said twice it counts once."""
    script.say(-1, "08:30", None, kind="ticket.opened")
    script.say(2, "08:30", None, kind="billing.invoice_sent")
    unknown = ApprovalAdministratorDecided(registration_id="REG-UNKNOWN", decision="approve", administrator=CHIEF)
    script.say(0, "08:30", unknown)
    script.say(3, "08:30", unknown, sender="stranger")
    late = TicketAnswered(ticket_id="T-UNKNOWN", actor=DEPUTY, answer="To nobody.")
    script.say(1, "08:35", late, times=2)
