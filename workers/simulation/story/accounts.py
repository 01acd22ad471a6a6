"""What happens to accounts in the month: passwords, logins, suspensions, credentials, addresses, terms, links (R20–R37)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from messages.account import (
    AccountDeactivated,
    AccountEligibilityKept,
    AccountEmailChangeConfirmed,
    AccountEmailChangeRequested,
    AccountLoginAttempted,
    AccountLoginFailed,
    AccountLoginSucceeded,
    AccountPasswordReset,
    AccountPasswordResetRequested,
    AccountPasswordSet,
    AccountProfileChanged,
    AccountReinstated,
    AccountRevoked,
    AccountSuspended,
    AccountTermsAccepted,
    AccountTermsPublished,
)
from messages.credential import CredentialChanged, CredentialRosterReceived, CspHolder
from messages.delegate import DelegateConfirmed, DelegateDecided, DelegateLinked, DelegateUnlinked
from workers.simulation.said import Link
from workers.simulation.story.cast import PHARMACIST, Cast, Person
from workers.simulation.story.people import People
from workers.simulation.story.script import CHIEF, DEPUTY, SEALED, Script, moment, on


@dataclass(frozen=True, slots=True)
class Accounts:
    """The acts, each said at an hour of a day."""

    script: Script
    cast: Cast
    words: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    """Each one's passwords and since when; the first one is the person's own."""

    def word_of(self, one: Person, day: int, hour: str) -> str:
        """The password that holds at that hour."""
        at = moment(day, hour)
        since = [(begun_at, word) for begun_at, word in self.words.get(one.registration_id, []) if begun_at < at]
        return max(since)[1] if since else one.password

    def _chosen(self, one: Person, day: int, hour: str, word: str) -> None:
        self.words.setdefault(one.registration_id, []).append((moment(day, hour), word))

    def login(self, one: Person, day: int, hour: str, *, password: str = "") -> None:
        """Logs in, or tries to."""
        message = AccountLoginAttempted(address=one.email, password=SEALED)
        self.script.say(day, hour, message, password=password or self.word_of(one, day, hour))

    def change(self, one: Person, day: int, hour: str, *, password: str = "") -> None:
        """Chooses a new password."""
        word = password or self.new_password()
        self.script.say(day, hour, AccountPasswordSet(account_id=one.registration_id, password=SEALED), password=word)
        if not password:  # one that is given is refused
            self._chosen(one, day, hour, word)

    def ask_reset(self, address: str, day: int, hour: str) -> None:
        """Has forgotten the password."""
        self.script.say(day, hour, AccountPasswordResetRequested(address=address))

    def reset(self, one: Person, day: int, hour: str, *, link: Link = "newest", is_vain: bool = False) -> None:
        """Opens the link and chooses a new one; in vain when the link works no more."""
        password = self.new_password()
        message = AccountPasswordReset(reset_id="unknown", token=SEALED, password=SEALED)
        self.script.say(day, hour, message, password=password, link=link, link_of=one.email)
        if not is_vain:
            self._chosen(one, day, hour, password)

    def new_password(self) -> str:
        """Make one up that nobody else has."""
        return f"Renewed-{self.cast.chance.randrange(10**8):08}!"


def accounts_of_the_month(script: Script, cast: Cast, people: People) -> None:
    """Everything of this kind is in the script."""
    acts = Accounts(script, cast)
    _passwords(acts, people)
    _locks_and_resets(acts, people)
    _standing(acts, people)
    _credentials(acts, people)
    _address(acts, people.prescribers[4])
    _terms(acts, people)
    _links(acts, people)
    _daily_logins(acts, people)


def _passwords(acts: Accounts, people: People) -> None:
    """Each does something else about the warnings: at once, on the last day, too late, or nothing (R33–R35)."""
    for place, one in enumerate(people.founders):
        expires = one.set_day + 90
        match place % 4:
            case 0:
                acts.change(one, max(expires - 5, 0), "13:10")
            case 1:
                acts.change(one, expires - 1, "13:10")
            case 2:
                acts.login(one, expires, "10:10")  # expired: nobody gets in
                acts.ask_reset(one.email, expires + 1, "10:20")
                acts.reset(one, expires + 1, "10:25")
                acts.login(one, expires + 1, "10:30")


def _locks_and_resets(acts: Accounts, people: People) -> None:
    """Four failures lock for ten minutes; links work once, for twenty minutes, three an hour (R36, R37)."""
    one, other = people.prescribers[8], people.of(PHARMACIST)[5]
    for _ in range(4):
        acts.login(one, 1, "13:20", password="Wrong-guess-1!")  # noqa: S106 - made up
    acts.login(one, 1, "13:25")
    acts.login(one, 1, "13:35")
    stranger = Person("REG-NOBODY", "No", "Body", "nobody@nowhere.example.org", PHARMACIST, "Nobodys-word-1!")
    for _ in range(5):
        acts.login(stranger, 2, "13:20")
    acts.ask_reset(stranger.email, 2, "13:30")
    for minute in ("13:20", "13:22", "13:24", "13:26"):
        acts.ask_reset(other.email, 3, minute)
    acts.reset(other, 3, "13:30")
    acts.reset(other, 3, "13:32", is_vain=True)  # used
    acts.login(other, 3, "13:35")
    acts.ask_reset(other.email, 4, "13:20")
    acts.reset(other, 4, "13:45", is_vain=True)  # too late
    acts.ask_reset(other.email, 5, "13:20")
    acts.reset(other, 5, "13:22", link="wrong", is_vain=True)
    acts.change(other, 5, "13:30", password="weak")  # noqa: S106 - made up
    acts.change(other, 5, "13:40", password=acts.word_of(other, 5, "13:40"))


def _standing(acts: Accounts, people: People) -> None:
    """Suspended for a time and without end, revoked, deactivated, reinstated; eligibility in question (R20, R22, R23)."""
    script, prescribers, pharmacists = acts.script, people.prescribers, people.of(PHARMACIST)
    names = {one.registration_id: one for one in people.founders}
    supervisor = next(one.supervisors[0] for one in people.delegates)
    for place, until in ((9, 4), (10, 9)):
        one = prescribers[place]
        script.say(
            1, "14:30",
            AccountSuspended(
                account_id=one.registration_id, administrator=CHIEF, ground="not_cooperating", until=on(until)
            ),
        )  # fmt: skip
        acts.login(one, 2, "14:30")
    suspended = AccountSuspended(
        account_id=supervisor.registration_id, administrator=DEPUTY, ground="policy_breach", reason="See the case."
    )
    script.say(2, "14:40", suspended)
    reinstated = AccountReinstated(account_id=supervisor.registration_id, administrator=DEPUTY)
    script.say(6, "14:40", reinstated)
    script.say(6, "14:50", reinstated)  # is active already
    gone, left = pharmacists[0], pharmacists[1]
    revoked = AccountRevoked(account_id=gone.registration_id, administrator=CHIEF, ground="agreement_breach")
    script.say(3, "14:40", revoked)
    script.say(3, "14:45", revoked.model_copy(update={"administrator": "somebody@people.example.org"}))
    acts.login(gone, 4, "14:40")
    script.say(2, "14:50", AccountProfileChanged(account_id=left.registration_id, employment="retired"))
    script.say(
        5, "14:50",
        AccountDeactivated(account_id=left.registration_id, administrator=CHIEF, ground="left_profession"),
    )  # fmt: skip
    moved = names[prescribers[11].registration_id]
    script.say(
        3, "14:50", AccountProfileChanged(account_id=moved.registration_id, facility="Another Clinic", role="given_up")
    )
    script.say(4, "14:50", AccountEligibilityKept(account_id=moved.registration_id, administrator=DEPUTY))
    script.say(4, "14:55", AccountEligibilityKept(account_id=moved.registration_id, administrator=DEPUTY))


def _credentials(acts: Accounts, people: People) -> None:
    """The licensing system tells when each CSP ends: warned, lapsed, renewed in time or late (R5, R21)."""
    script = acts.script
    for place, one in enumerate(people.prescribers):
        ends = 2 + 2 * place
        message = CredentialChanged(credential="csp", status="active", number=one.csp, expires_on=on(ends))
        script.say(0, "12:10", message)
        renewed = message.model_copy(update={"expires_on": on(ends + 730)})
        if place % 3 == 0:
            script.say(ends - 1, "12:10", renewed)
        elif place % 3 == 1:
            script.say(ends + 3, "12:10", renewed)
    pharmacist = people.of(PHARMACIST)[3]
    taken = CredentialChanged(credential="license", status="revoked", account_id=pharmacist.registration_id)
    script.say(1, "12:10", taken)
    script.say(1, "12:20", taken.model_copy(update={"number": pharmacist.license}))
    script.say(5, "12:10", CredentialChanged(credential="license", status="active", number=pharmacist.license))
    holders = tuple(CspHolder(csp_number=f"CSP.9000{place}", name="Holder Example") for place in range(3))
    script.say(1, "12:30", CredentialRosterReceived(as_of=moment(1, "12:00"), holders=holders))


def _address(acts: Accounts, one: Person) -> None:
    """A new address takes effect by its link, and the old one is told (R22).

    Before the first evening: what nobody planned may end any access.
    """
    new = f"new.{one.email}"
    acts.script.say(1, "15:10", AccountEmailChangeRequested(account_id=one.registration_id, new_email=new))
    confirmed = AccountEmailChangeConfirmed(change_id="unknown", token=SEALED)
    acts.script.say(1, "15:20", confirmed, link="wrong", link_of=new)
    acts.script.say(1, "15:30", confirmed, link="newest", link_of=new)
    acts.script.say(1, "15:40", confirmed, link="newest", link_of=new)


def _terms(acts: Accounts, people: People) -> None:
    """New terms take effect; who logs in is told once (R26)."""
    message = AccountTermsPublished(version="2025-11", effective_on=on(4), administrator=CHIEF)
    acts.script.say(1, "15:10", message)
    acts.script.say(1, "15:15", message)
    for one in people.founders[::3]:
        accepted = AccountTermsAccepted(
            account_id=one.registration_id, version="2025-11", accepted_at=moment(5, "16:10")
        )
        acts.script.say(5, "16:10", accepted)


def _links(acts: Accounts, people: People) -> None:
    """A delegate asks another supervisor, is refused, is added, and is taken off (R23)."""
    script, delegate = acts.script, people.delegates[0]
    one, other = [person for person in people.prescribers[12:15] if person not in delegate.supervisors][:2]
    names = {"delegate": delegate.email, "supervisor": one.email}
    script.say(1, "15:30", DelegateLinked(**names, by="delegate"))
    script.say(1, "15:35", DelegateLinked(**names, by="delegate"))
    script.say(1, "15:40", DelegateDecided(**names, decision="refuse", reason="Not at this clinic."))
    script.say(3, "15:30", DelegateLinked(**names, by="delegate"))
    script.say(3, "15:40", DelegateDecided(**names, decision="approve"))
    script.say(4, "15:20", DelegateConfirmed(supervisor=one.email, delegates=(delegate.email,)))
    script.say(4, "15:25", DelegateConfirmed(supervisor=one.email, delegates=()))
    script.say(4, "15:30", DelegateLinked(delegate=delegate.email, supervisor=other.email, by="supervisor"))
    script.say(6, "15:30", DelegateUnlinked(**names, by="supervisor"))
    script.say(6, "15:35", DelegateUnlinked(delegate=delegate.email, supervisor=other.email, by="delegate"))
    script.say(6, "15:40", DelegateLinked(delegate=one.email, supervisor=other.email, by="delegate"))


def _daily_logins(acts: Accounts, people: People) -> None:
    """Some log in each day, early before the warnings go out or late; some mistype."""
    for day in range(acts.script.days):
        for one in acts.cast.chance.sample(people.founders, 4):
            hour = acts.cast.chance.choice(("05:45", "08:50", "18:10"))
            is_wrong = acts.cast.chance.random() < 0.25
            acts.login(one, day, hour, password="Mistyped-word-1!" if is_wrong else "")
        # Another portal looks at passwords itself, and tells what came of it.
        one, other = acts.cast.chance.sample(people.founders, 2)
        acts.script.say(day, "16:25", AccountLoginSucceeded(address=one.email))
        acts.script.say(day, "16:25", AccountLoginFailed(address=other.email))
