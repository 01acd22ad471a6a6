"""What is left of the month beside what the model says: each difference is a check that does not hold, with its rule."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from store import inbox, outbox
from store.contract import Row, Transaction, as_moment
from workers.simulation.model.book import Telling
from workers.simulation.model.calendar import local_day
from workers.simulation.play import Played
from workers.simulation.stage import Stage
from workers.simulation.story.script import Script

RULES = {
    "registration.received": "R14", "registration.email_verification": "R13", "registration.documents_wanted": "R4",
    "registration.information_wanted": "R6", "registration.supervisor_asked": "R7",
    "registration.waits_for_supervisor": "R7", "registration.supervisors_refused": "R7", "registration.approved": "R14",
    "registration.rejected": "R14", "registration.reminder": "R12", "registration.expired": "R12",
    "registration.full_access": "R8", "account.password_expiring": "R33", "account.password_expired": "R35",
    "account.password_changed": "R32", "account.password_reset": "R36", "account.locked": "R37",
    "account.terms_updated": "R26", "account.email_change_confirm": "R22", "account.email_changed": "R22",
    "credential.expiring": "R21", "credential.lapsed": "R21", "submission.overdue": "R42",
    "submission.error_reminder": "R47", "review.due_digest": "R55", "ticket.target_warning": "R74",
    "ticket.target_missed": "R74", "administrators.digest": "R11",
}  # fmt: skip
OF_FAMILY = {"account": "R20", "delegate": "R23", "submission": "R47", "ticket": "R74", "conduct": "R25"}
SHOWN = 12


def rule_of(notice: str) -> str:
    """The rule that a notice is there for."""
    return RULES.get(notice) or OF_FAMILY[notice.partition(".")[0]]


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must be so, and what speaks against it."""

    rule: str
    what: str
    counted: int
    against: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.against


@dataclass(frozen=True, slots=True)
class Result:
    """What the month came to."""

    checks: tuple[Check, ...]
    notices: Counter[Telling]

    @property
    def is_clean(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)


async def judge(stage: Stage, played: Played, script: Script) -> Result:
    """Lay everything beside the model."""
    mails = await stage.store.read(_mails)
    written = Counter(
        (local_day(as_moment(row["created_at"])), str(row["name"]), str(row["destination"])) for row in mails
    )
    outcomes = await stage.store.read(lambda tx: _outcomes(tx, played))
    return Result((*_notices(played.month.book.notices, written), outcomes), written)


async def _mails(tx: Transaction) -> list[Row]:
    return list(await outbox.listed(tx, channel="mail", most=1_000_000))


def _notices(wanted: Counter[Telling], written: Counter[Telling]) -> list[Check]:
    """One check a kind of notice: the same ones, on the same days, to the same people."""
    against: dict[str, list[str]] = {}
    for telling in sorted(wanted.keys() | written.keys()):
        if wanted[telling] != written[telling]:
            day, notice, to = telling
            against.setdefault(notice, []).append(f"{day} {to}: {wanted[telling]} wanted, {written[telling]} written")
    names = {notice for _, notice, _ in wanted.keys() | written.keys()}
    return [
        Check(
            rule_of(one), one, sum(n for (_, name, _), n in wanted.items() if name == one), tuple(against.get(one, ()))
        )
        for one in sorted(names)
    ]


async def _outcomes(tx: Transaction, played: Played) -> Check:
    against = []
    for said in played.said:
        rows = await inbox.find(tx, said.message_id)
        states = [str(row["state"]) for row in rows]
        wanted = played.month.outcomes[said.message_id]
        if states != [wanted]:
            against.append(
                f"{local_day(said.at)} {said.spoken_kind} {said.message_id}: {wanted} wanted, {states} found"
            )
    return Check("R46", "what becomes of each message", len(played.said), tuple(against))
