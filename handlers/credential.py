"""Credential: what the licensing system says suspends and reinstates the accounts that depend on it (R5, R21)."""

from __future__ import annotations

from handlers.account_access import ACCOUNT_UNKNOWN
from handlers.outcomes import Done, Outcome, Refuse
from handlers.rules.standing import lapses_on
from handlers.standing import Scene, keep_with_credentials
from handlers.work import Work
from messages.credential import CredentialChanged, CredentialRosterReceived, CspHolder
from messages.identifiers import dea_is_valid, npi_is_valid
from store import accounts, credentials
from store.credentials import Told


async def changed(work: Work[CredentialChanged, None]) -> Outcome:
    """The credential stands as told; accounts that depend on it are suspended or reinstated, their holders told (R21)."""
    message = work.message
    if message.account_id is not None and await accounts.hold(work.tx, message.account_id) is None:
        return ACCOUNT_UNKNOWN
    number = await _number(work)
    if isinstance(number, Refuse):
        return number
    as_of = min(message.as_of or work.now, work.now)
    ends_on = lapses_on(message.status, message.expires_on, work.policy.local_date(as_of))
    told = Told(message.credential, number, message.status, ends_on, as_of)
    is_news = await credentials.put_all(work.tx, [told], work.seq)
    if message.account_id is not None and message.number is not None:
        await credentials.hold_number(work.tx, message.account_id, message.credential, number)
    elif not is_news:
        return Refuse("superseded", "What was true later is known already.", field="as_of")
    scene, concerned = Scene.of_message(work), 0
    async for page in credentials.told_by(work.tx, work.seq):
        concerned += await keep_with_credentials(scene, page)
    if message.account_id is not None:
        concerned += await keep_with_credentials(scene, await credentials.held_by(work.tx, message.account_id))
    work.publish("credential.changed", {"credential": message.credential, "account_id": message.account_id})
    return Done({"accounts_changed": concerned})


async def _number(work: Work[CredentialChanged, None]) -> str | Refuse:
    message = work.message
    if message.number is not None:
        if message.credential == "dea" and not dea_is_valid(credentials.number_key(message.number)):
            return Refuse("not_a_dea_number", "The number is no DEA number: its check digit is wrong.", field="number")
        return message.number
    assert message.account_id is not None  # the model asks for one of the two
    held = await credentials.held_number(work.tx, message.account_id, message.credential)
    return held or Refuse("number_unknown", "The account holds no such credential: name its number.", field="number")


async def roster_received(work: Work[CredentialRosterReceived, None]) -> Outcome:
    """The holders are known, and accounts that depend on what is told of are suspended or reinstated (R5, R21).

    A holder whose NPI has a wrong check digit is left out and named in the answer; the others count.
    """
    message, good, wrong = work.message, list[Told](), list[str]()
    as_of = min(message.as_of, work.now)
    for number, holder in enumerate(message.holders):
        if holder.npi is not None and not npi_is_valid(holder.npi):
            wrong.append(f"holders.{number}.npi")
            continue
        good.append(_told(work, holder))
    news = await credentials.put_all(work.tx, good, work.seq)
    scene, concerned = Scene.of_message(work), 0
    async for page in credentials.told_by(work.tx, work.seq):
        concerned += await keep_with_credentials(scene, page)
    work.publish("credential.roster_received", {"holders": len(good), "as_of": as_of.isoformat()})
    return Done({"news": news, "accounts_changed": concerned, "wrong": list(wrong)})


def _told(work: Work[CredentialRosterReceived, None], holder: CspHolder) -> Told:
    as_of = min(work.message.as_of, work.now)
    return Told(
        "csp",
        holder.csp_number,
        holder.status,
        lapses_on(holder.status, holder.expires_on, work.policy.local_date(as_of)),
        as_of,
        holder_name=holder.name,
        holder_email=holder.email or "",
        npi=holder.npi or "",
    )
