"""Conduct: what anyone reports reaches the administrators without delay and is followed to an outcome (R25, R64)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from handlers.actors import not_an_administrator
from handlers.outcomes import DONE, Defer, Done, Outcome, Refuse
from handlers.rules.conduct import NEXT
from handlers.rules.wording import told_at
from handlers.work import Leaving, Programme, Work
from messages.conduct import ConductNoted, ConductOutcomeRecorded, ConductReferred, ConductReported, What
from store import conduct
from store.conduct import Act, Case, Report, Step

UNKNOWN: Final = Defer("case_unknown", "No case of this id has been reported.")
_NAMES: Final[dict[What, str]] = {
    "unauthorised_use": "Unauthorized use",
    "suspected_misuse": "Suspected misuse",
    "policy_violation": "Policy violation",
}


async def reported(work: Work[ConductReported, None]) -> Outcome:
    """The case has a reference, and every administrator hears of it at once; its words stay where they are (R25, R27)."""
    message = work.message
    report = Report(
        message.case_id, message.what, message.text, message.account_id, message.reporter_name, message.reporter_email
    )
    case = await conduct.insert(work.tx, report, year=work.today.year, now=work.now, seq=work.seq)
    if case is None:
        return Refuse("case_exists", "A case of this id was reported already.", field="case_id")
    tell_administrators(work.leaving, case, work.programme)
    return Done({"reference": case.reference}, brings=(f"case_id:{case.case_id}",))


async def raise_case(
    work: Work[Any, Any], what: What, *, ground: str, about: str, text: str, account_id: str | None = None
) -> bool:
    """Raise a case from within another handler and tell the administrators, once per ground, subject and day (R24, R25).

    See ``store.conduct.raise_case``. It writes, so the handler that calls it returns Done, or a refusal that is kept.
    """
    case = await conduct.raise_case(
        work.tx, what, ground=ground, about=about, text=text, on=work.today, now=work.now, seq=work.seq,
        account_id=account_id,
    )  # fmt: skip
    if case is None:
        return False
    tell_administrators(work.leaving, case, work.programme)
    return True


async def referred(work: Work[ConductReferred, None]) -> Outcome:
    """The referral is recorded, and the person or agency in charge is written to, without particulars (R27, R64)."""
    case, message = await _led(work, "referred"), work.message
    if not isinstance(case, Case):
        return case
    step = Step(
        "referred", message.actor, work.now, work.seq, message.reason, message.agency, message.agency_email
    )  # fmt: skip
    case = await conduct.move(work.tx, case, step)
    work.notify(
        "conduct.referred",
        message.agency_email,
        {"reference": case.reference, "agency": message.agency, "referred_on": work.today.isoformat()},
        occasion=f"{case.reference}:{case.revision}",
    )
    _publish(work.leaving, "referred", case)
    return DONE


async def noted(work: Work[ConductNoted, None]) -> Outcome:
    """The note stands in the history, also beside an outcome."""
    case, message = await _led(work, "noted"), work.message
    if not isinstance(case, Case):
        return case
    await conduct.move(work.tx, case, Step("noted", message.actor, work.now, work.seq, message.note))
    return DONE


async def outcome_recorded(work: Work[ConductOutcomeRecorded, None]) -> Outcome:
    """The case is closed with what was found (R25)."""
    case, message = await _led(work, "outcome_recorded"), work.message
    if not isinstance(case, Case):
        return case
    step = Step("outcome_recorded", message.actor, work.now, work.seq, message.text)
    case = await conduct.move(work.tx, case, step, outcome=message.outcome)
    _publish(work.leaving, "outcome_recorded", case)
    return DONE


async def _led(work: Work[Any, None], act: Act) -> Case | Refuse | Defer:
    """Return the case in the state to which the act leads, nothing written yet."""
    case = await conduct.one(work.tx, work.message.case_id)
    if case is None:
        return UNKNOWN
    if refusal := await not_an_administrator(work, work.message.actor, field="actor"):
        return refusal
    to = NEXT[case.state][act]
    return to if isinstance(to, Refuse) else replace(case, state=to)


def tell_administrators(leaving: Leaving, case: Case, programme: Programme) -> None:
    """Every administrator hears of a new case, and so does whoever listens to events (R25)."""
    facts = {
        "reference": case.reference,
        "reported_at_text": told_at(case.reported_at, programme.policy),
        "kind": _NAMES[case.what],
    }
    for administrator in programme.administrators:
        leaving.notify("conduct.reported", administrator, facts, occasion=case.reference)
    _publish(leaving, "reported", case)


def _publish(leaving: Leaving, act: str, case: Case) -> None:
    facts = {"case_id": case.case_id, "reference": case.reference, "what": case.what, "state": case.state}
    leaving.publish(f"conduct.{act}", facts)
