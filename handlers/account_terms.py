"""Account: new terms of use are published, and accepted (R26)."""

from __future__ import annotations

from handlers.account_access import ACCOUNT_UNKNOWN
from handlers.actors import not_an_administrator
from handlers.outcomes import DONE, Defer, Done, Outcome, Refuse
from handlers.work import Work
from messages.account import AccountTermsAccepted, AccountTermsPublished
from store import accounts, terms


async def terms_published(work: Work[AccountTermsPublished, None]) -> Outcome:
    """The version stands, and is in force from its date on; each user is told at the next login after that (R26)."""
    message = work.message
    if refusal := await not_an_administrator(work, message.administrator):
        return refusal
    if not await terms.publish(work.tx, message.version, message.effective_on, by=message.administrator, now=work.now):
        return Refuse("version_exists", "Terms of this version are published already.", field="version")
    work.publish("account.terms_published", {"version": message.version})
    return Done(brings=(f"terms:{message.version}",))


async def terms_accepted(work: Work[AccountTermsAccepted, None]) -> Outcome:
    """Who accepted which version, and when, stands for good (R26); the first acceptance counts."""
    message = work.message
    if await accounts.one(work.tx, message.account_id) is None:
        return ACCOUNT_UNKNOWN
    if await terms.one(work.tx, message.version) is None:
        return Defer("terms_unknown", "No terms of this version are published.", waits_for=f"terms:{message.version}")
    accepted_at = min(message.accepted_at, work.now)
    await terms.accept(work.tx, message.account_id, message.version, accepted_at=accepted_at, now=work.now)
    return DONE
