"""Acts that nobody planned: anybody does anything to anyone, in the evening, each at a minute of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from messages import account as a
from messages import ticket as t
from messages.credential import CredentialChanged
from messages.delegate import DelegateDecided, DelegateLinked, DelegateUnlinked
from messages.message import Message
from workers.simulation.story.accounts import Accounts
from workers.simulation.story.cast import Cast
from workers.simulation.story.desk import CATEGORIES, STAFF
from workers.simulation.story.people import People
from workers.simulation.story.script import CHIEF, Script, on

MINUTES = tuple(f"21:{minute:02}" for minute in range(10, 31, 2))


@dataclass(frozen=True, slots=True)
class AnyAct:
    """Makes up one act on a day."""

    script: Script
    cast: Cast
    people: People
    tickets: tuple[str, ...]

    def on_access(self, day: int) -> Message:
        """An administrator changes somebody's access."""
        chance, one = self.cast.chance, self.cast.chance.choice(self.people.founders).registration_id
        until = chance.choice((None, on(day + 1), on(day + 3), on(day)))
        acts: tuple[Callable[[], Message], ...] = (
            lambda: a.AccountSuspended(account_id=one, administrator=CHIEF, ground="policy_breach", until=until),
            lambda: a.AccountReinstated(account_id=one, administrator=CHIEF),
            lambda: a.AccountReinstated(account_id=one, administrator=CHIEF, reason="Looked at again."),
            lambda: a.AccountProfileChanged(account_id=one, employment=chance.choice(("ended", "on_leave"))),
            lambda: a.AccountEligibilityKept(account_id=one, administrator=CHIEF),
            lambda: a.AccountRevoked(account_id=one, administrator=CHIEF, ground="not_cooperating"),
            lambda: a.AccountDeactivated(account_id=one, administrator=CHIEF, ground="on_request"),
        )
        return chance.choices(acts, (4, 4, 2, 1, 1, 1, 1))[0]()

    def on_credential(self, day: int) -> Message:
        """The licensing system has news of somebody's."""
        chance, one = self.cast.chance, self.cast.chance.choice(self.people.prescribers)
        credential, number = chance.choice((("csp", one.csp), ("dea", one.dea), ("license", one.license)))
        ends = on(day + chance.choice((-2, 0, 1, 2, 8, 15, 31, 400)))
        status = chance.choice(("active", "active", "active", "lapsed", "surrendered"))
        return CredentialChanged.model_validate(
            {"credential": credential, "status": status, "number": number, "expires_on": ends}
        )

    def on_link(self, day: int) -> Message:  # noqa: ARG002 - any day
        """A link is asked for, decided, ended."""
        chance = self.cast.chance
        delegate, supervisor = chance.choice(self.people.delegates), chance.choice(self.people.prescribers[:6])
        names = {"delegate": delegate.email, "supervisor": supervisor.email}
        by = chance.choice(("delegate", "supervisor"))
        what = chance.choice((DelegateLinked, DelegateLinked, DelegateDecided, DelegateUnlinked))
        rest = {"decision": chance.choice(("approve", "refuse"))} if what is DelegateDecided else {"by": by}
        return what.model_validate(names | rest)

    def on_ticket(self, day: int) -> Message:  # noqa: ARG002 - any day
        """Anything is done to any ticket."""
        chance = self.cast.chance
        said = {"ticket_id": chance.choice(self.tickets), "actor": STAFF}
        acts: tuple[Callable[[], Message], ...] = (
            lambda: t.TicketAnswered(**said, answer="Please wait."),
            lambda: t.TicketRecategorised(**said, category=chance.choice(CATEGORIES), reason="Looked at again."),
            lambda: t.TicketEscalated(**said, target="vendor", reason="Not ours."),
            lambda: t.TicketResolved(**said, resolution="Mended."),
            lambda: t.TicketClosed(**said),
            lambda: t.TicketReopened(**said, reason="Not mended."),
            lambda: t.TicketReplyReceived(ticket_id=said["ticket_id"], reply="It is still so."),
        )
        return chance.choice(acts)()


def any_acts_of_the_month(script: Script, cast: Cast, people: People) -> None:
    """Each evening some acts, none of which anybody planned."""
    accounts = Accounts(script, cast)
    opened = [said.message for said in script.lines if isinstance(said.message, t.TicketOpened)]
    acts = AnyAct(script, cast, people, tuple(sorted({one.ticket_id for one in opened})))
    for day in range(1, script.days):
        for hour in MINUTES:
            match cast.chance.randrange(6):
                case 0 | 1:
                    script.say(day, hour, acts.on_access(day))
                case 2:
                    script.say(day, hour, acts.on_credential(day))
                case 3:
                    script.say(day, hour, acts.on_link(day))
                case 4:
                    script.say(day, hour, acts.on_ticket(day))
                case _:
                    _anybody(accounts, cast, people, day, hour)


def _anybody(accounts: Accounts, cast: Cast, people: People, day: int, hour: str) -> None:
    one = cast.chance.choice(people.founders)
    match cast.chance.randrange(3):
        case 0:
            accounts.change(one, day, hour)
        case 1:
            accounts.ask_reset(one.email, day, hour)
            accounts.reset(one, day, f"{hour[:-1]}{int(hour[-1]) + 1}")
        case _:
            accounts.login(one, day, hour)
