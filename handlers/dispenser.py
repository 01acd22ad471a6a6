"""Dispenser: the register of those who must report, and of those who need not (R40–R43, R61)."""

from __future__ import annotations

from handlers.outcomes import DONE, Defer, Done, Outcome, Refuse
from handlers.work import Work
from messages.dispenser import (
    DispenserClosed,
    DispenserExemptionDeclared,
    DispenserExemptionEnded,
    DispenserRegistered,
)
from store import dispensers
from store.dispensers import Dispenser

UNKNOWN = Defer("dispenser_unknown", "No dispenser of this number is registered.")


async def registered(work: Work[DispenserRegistered, None]) -> Outcome:
    """The dispenser and all its numbers are known; from now on it must report (R40, R41) through its submitters (R61)."""
    message = work.message
    numbers = [number for number in (message.dea, message.npi, message.ncpdp) if number]
    owners = {known.dispenser for known in ((await dispensers.among(work.tx, numbers)) or {}).values()}
    if len(owners) > 1:
        return Refuse("number_taken", "Its numbers belong to more than one registered dispenser.", field="dea")
    (dispenser,) = owners or {numbers[0]}
    particulars = Dispenser(
        dispenser,
        message.name,
        message.dispenser_kind,
        message.facility or "",
        message.dea or "",
        message.npi or "",
        message.ncpdp or "",
        message.contact_email,
        message.submitters,
    )
    await dispensers.register(work.tx, particulars, on=work.today, seq=work.seq)
    work.publish("dispenser.registered", {"dispenser": dispenser, "kind": message.dispenser_kind})
    return Done(
        {"dispenser": dispenser}, brings=tuple(f"dispenser:{number}" for number in sorted({dispenser, *numbers}))
    )


async def exemption_declared(work: Work[DispenserExemptionDeclared, None]) -> Outcome:
    """Nothing is expected of the dispenser in that time (R42, R43); what it sends all the same is stored and marked."""
    message = work.message
    known = await dispensers.one(work.tx, message.dispenser)
    if known is None:
        return UNKNOWN
    await dispensers.exempt(
        work.tx,
        known.dispenser,
        reason=message.exemption,
        from_on=message.from_on,
        to_on=message.to_on,
        seq=work.seq,
    )
    work.publish("dispenser.exemption_declared", {"dispenser": known.dispenser, "exemption": message.exemption})
    return DONE


async def exemption_ended(work: Work[DispenserExemptionEnded, None]) -> Outcome:
    """The dispenser reports again what it dispenses after that day."""
    known = await dispensers.one(work.tx, work.message.dispenser)
    if known is None:
        return UNKNOWN
    if not await dispensers.end_exemption(work.tx, known.dispenser, ended_on=work.message.ended_on):
        return Refuse("no_exemption", "No exemption of this dispenser holds beyond that day.", field="ended_on")
    work.publish("dispenser.exemption_ended", {"dispenser": known.dispenser})
    return DONE


async def closed(work: Work[DispenserClosed, None]) -> Outcome:
    """Up to that day the dispenser must report, and no longer (R42)."""
    known = await dispensers.one(work.tx, work.message.dispenser)
    if known is None:
        return UNKNOWN
    closed_on = work.message.closed_on
    if not await dispensers.close(work.tx, known.dispenser, closed_on=closed_on, today=work.today):
        return Refuse("closed_before", "The dispenser has closed before.", field="dispenser")
    work.publish("dispenser.closed", {"dispenser": known.dispenser, "closed_on": closed_on.isoformat()})
    return DONE
