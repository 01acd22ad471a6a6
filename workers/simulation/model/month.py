"""The month as it must have been: fed with all that was said, in its order, and with the hours at which sweeps ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import takewhile

from messages.account import AccountTermsAccepted
from messages.message import Message
from workers.simulation.model.access import Access
from workers.simulation.model.alerts import Alerts
from workers.simulation.model.book import ADMINISTRATORS, SPEAKS, Book
from workers.simulation.model.calendar import NEW_YORK, local_day
from workers.simulation.model.effects import Bounces, Effect, Parts, effects
from workers.simulation.model.help_desk import HelpDesk
from workers.simulation.model.inviting import Inviting
from workers.simulation.model.joining import Joining
from workers.simulation.model.links import Links
from workers.simulation.model.listing import listed
from workers.simulation.model.patients import Patients
from workers.simulation.model.reporting import Reporting
from workers.simulation.model.reviewing import Reviewing
from workers.simulation.model.standing import Standing
from workers.simulation.said import Said

GIVES_UP = timedelta(days=7)


@dataclass(slots=True)
class Month:
    """The slow model. ``outcomes`` is what must have become of each message."""

    book: Book = field(default_factory=Book)
    outcomes: dict[str, str] = field(default_factory=dict)
    waiting: list[Said] = field(default_factory=list)
    """Messages that came before what they build on, in the order they came."""
    ran: set[tuple[str, date]] = field(default_factory=set)
    listed: dict[str, int] = field(default_factory=dict)
    """Day and heading of the administrators' e-mail → how many lines stand under it."""
    parts: Parts = field(init=False)
    effects: Mapping[type[Message], Effect] = field(init=False)

    def __post_init__(self) -> None:
        book, joining, desk = self.book, Joining(self.book), HelpDesk(self.book)
        patients, standing = Patients(book), Standing(book)
        reviewing = Reviewing(book, desk, joining.trained, patients)
        self.parts = Parts(
            joining, Access(book), standing, Links(book), desk, Reporting(book), patients, reviewing,
            Alerts(book, patients), Inviting(book, standing.lapses), Bounces(),
        )  # fmt: skip
        self.effects = effects(self.parts)

    def hear(self, said: Said) -> None:
        """The message has had its effect, or has none."""
        if said.message is None or said.message.family not in SPEAKS[said.sender]:
            self.outcomes[said.message_id] = "dead"  # nobody can read it, or its sender may not say it (R61)
            return
        outcome = self.outcomes[said.message_id] = "waiting" if self._is_behind(said) else self._became(said)
        if outcome == "waiting":
            self.waiting.append(said)

    def turns(self, at: datetime) -> None:
        """Whoever waits has its turn when what it waits for has come, and not before those who came earlier for the same.

        After seven days it is a dead letter, and holds up nobody.
        """
        while any(self._has_ended(said, at) for said in tuple(self.waiting)):
            pass

    def _has_ended(self, said: Said, at: datetime) -> bool:
        if self._is_behind(said):
            return False
        outcome = self._became(replace(said, at=at))
        if outcome == "waiting" and at < said.at + GIVES_UP:
            return False
        self.waiting.remove(said)
        self.outcomes[said.message_id] = "dead" if outcome == "waiting" else outcome
        return True

    def _is_behind(self, said: Said) -> bool:
        """Whether somebody who came earlier waits for the same thing."""
        thing = self._thing(said)
        earlier = takewhile(lambda one: one is not said, self.waiting)
        return thing is not None and any(self._thing(one) == thing for one in earlier)

    def _thing(self, said: Said) -> str | None:
        """What the message builds on; an acceptance of terms that nobody has published yet holds up nothing of its account's."""
        message = said.message
        if isinstance(message, AccountTermsAccepted) and message.account_id in self.book.accounts:
            return None
        return message.prerequisite if message is not None else None

    def look(self, at: datetime) -> None:
        """What time alone sets off, at its hour; each once a day."""
        self.parts.desk.look(at)
        self.parts.alerts.notice(at, self.parts.reporting.standing())
        sweeps = (
            (time(0, 5), self.parts.standing.suspensions_end),
            (time(0, 15), self.parts.standing.credentials),
            (time(5, 0), self.parts.joining.morning),
            (time(5, 30), self.parts.links.rosters),
            (time(6, 0), self.parts.access.passwords),
            (time(6, 30), self._reviews),
            (time(6, 30), self.parts.alerts.digests),
            (time(6, 30), self.parts.inviting.invite),
            (time(7, 0), self._digest),
            (time(7, 0), self.parts.reporting.remind),
            (time(8, 0), self.parts.reporting.overdue),
        )
        here = at.astimezone(NEW_YORK)
        for place, (hour, sweep) in enumerate(sweeps):
            if here.time() >= hour and (str(place), here.date()) not in self.ran:
                self.ran.add((str(place), here.date()))
                sweep(at)

    def _reviews(self, at: datetime) -> None:
        self.parts.reviewing.digests(at, self.parts.reporting.standing())

    def _digest(self, at: datetime) -> None:
        """R11: one e-mail a day to each administrator: there is a dead letter from before the first day on."""
        today = local_day(at)
        self.listed |= {f"{today} {heading}": number for heading, number in listed(self.parts, today).items()}
        if "dead" in self.outcomes.values():
            for one in ADMINISTRATORS:
                self.book.tell(at, "administrators.digest", one, once=str(today))

    @property
    def ever_marked(self) -> frozenset[str]:
        """Addresses that took no mail for a time."""
        return frozenset(self.parts.bounces.ever)

    def _became(self, said: Said) -> str:
        assert said.message is not None
        return self.effects[type(said.message)](said, said.message)
