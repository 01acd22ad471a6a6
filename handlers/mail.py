"""Mail: an address that bounces is left alone until somebody restores it.

A permanent bounce marks it at once. A transient one is kept; the fifth within a month marks it too: a mailbox that has been full
for weeks is nobody's. A refusal (5yz) at hand-over marks nothing, however often: it may be about that one mail (too large, taken
for junk), its row in the outbox says so, and the next mail is simply tried.

Mail to a marked address ends as *refused* in the outbox, with the reason, and is not sent later when the address is restored:
it would be out of date. What is urgent is tried all the same (store/recipients.py).
"""

from __future__ import annotations

from datetime import timedelta

from handlers.outcomes import DONE, Outcome, Refuse
from handlers.work import Work
from messages.mail import MailAddressRestored, MailBounced
from store import bounces
from store.bounces import Bounce


async def bounced(work: Work[MailBounced, None]) -> Outcome:
    """The bounce is kept, and the address takes no more mail when it was for good, or once too often."""
    message = work.message
    at = min(message.bounced_at or work.now, work.now)
    bounce = Bounce(message.address, message.permanence, at, work.seq, message.status)
    await bounces.record(work.tx, bounce)
    if message.permanence == "permanent" or await _is_once_too_often(work, bounce):
        await bounces.mark(work.tx, bounce)
    return DONE


async def address_restored(work: Work[MailAddressRestored, None]) -> Outcome:
    """The address takes mail again; who restored it and why is kept."""
    message = work.message
    if not await bounces.restore(work.tx, message.address, work.now):
        return Refuse("address_not_marked", "No bounce has marked this address.", field="address")
    await bounces.record(
        work.tx,
        Bounce(message.address, "restored", work.now, work.seq, actor=message.actor, text=message.reason),
    )
    return DONE


async def _is_once_too_often(work: Work[MailBounced, None], bounce: Bounce) -> bool:
    since = bounce.at - timedelta(days=work.policy.transient_bounce_days)
    return await bounces.transients(work.tx, bounce.address, since) >= work.policy.transient_bounces_max
