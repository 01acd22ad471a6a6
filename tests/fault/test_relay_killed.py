"""A relay killed after the mail server's 250 and before its mark forgets no mail: sent again as the same mail, or held.

Of all the mails of its turn only those under way are in doubt, one a connection at most.
"""

from __future__ import annotations

import signal
from typing import Any

import pytest

from notifier.catalogue import catalogue
from store import outbox
from store.outbox import Staged
from tests.fault.load import accounted
from tests.mail_sink import MailSink
from tests.site import Site, until
from workers import bootstrap

MAILS, TAKEN = 10, 3


async def stage(site: Site, notice: str, number: int = MAILS) -> None:
    """So many mails of this notice are due, each to another address."""
    facts: Any = next(template.sample for template in catalogue() if template.name == notice)
    mails = [Staged("mail", notice, f"robin{n}@example.org", facts, key=f"{notice}/{n}") for n in range(number)]
    async with bootstrap.open_store(site.settings()) as store:
        await store.migrate()
        await store.write(lambda tx: outbox.stage_all(tx, mails, bootstrap.now()))


def states(site: Site) -> dict[str, int]:
    return dict(site.counted.rows("SELECT state, count(*) FROM outbox GROUP BY state"))


@pytest.mark.parametrize(("notice", "unmarked"), [("ticket.opened", "sent"), ("account.deactivated", "held")])
async def test_a_relay_killed_before_its_mark_forgets_no_mail(site: Site, notice: str, unmarked: str) -> None:
    """The third was taken and not marked: its fate is unknown to the next relay, which does what its template says."""
    async with MailSink() as sink:
        site.more = {
            "PMP_TRANSPORT": "smtp", "PMP_SMTP_HOST": sink.host, "PMP_SMTP_PORT": str(sink.port),
            "PMP_SMTP_CONNECTIONS": "1", "PMP_LEASE_SECONDS": "2",
        }  # fmt: skip
        await stage(site, notice)
        relay = await site.launch("relay", struck=f"SIGKILL:mail_taken:{TAKEN}")
        assert await site.ended(relay) == -signal.SIGKILL
        assert states(site) == {"sent": TAKEN - 1, "handed_over": 1, "claimed": MAILS - TAKEN}
        taken = [mail.message_id for mail in sink.mails]
        assert len(taken) == TAKEN
        await site.start("relay")
        expected = {"sent": MAILS} if unmarked == "sent" else {"sent": MAILS - 1, "held": 1}
        await until(lambda: states(site) == expected, "every mail has its end")
        await accounted(site, 0)
        arrived = [mail.message_id for mail in sink.mails]
        again = taken[-1:] if unmarked == "sent" else []
        assert sorted(arrived) == sorted([*set(arrived), *again])
        assert len(set(arrived)) == MAILS


@pytest.mark.parametrize("taken", [1, 40, 113])
async def test_a_relay_killed_in_mid_turn_doubles_what_was_under_way_alone(site: Site, taken: int) -> None:
    """Of hundreds of mails of one turn, over six connections: at most six arrive twice, under their old ids."""
    mails, connections = 200, 6
    async with MailSink() as sink:
        site.more = {
            "PMP_TRANSPORT": "smtp", "PMP_SMTP_HOST": sink.host, "PMP_SMTP_PORT": str(sink.port),
            "PMP_SMTP_CONNECTIONS": str(connections), "PMP_LEASE_SECONDS": "2",
        }  # fmt: skip
        await stage(site, "ticket.opened", mails)
        relay = await site.launch("relay", struck=f"SIGKILL:mail_taken:{taken}")
        assert await site.ended(relay) == -signal.SIGKILL
        assert states(site).get("handed_over", 0) <= connections
        await site.start("relay")
        await until(lambda: states(site) == {"sent": mails}, "every mail has its end")
        arrived = [mail.message_id for mail in sink.mails]
        assert len(set(arrived)) == mails
        assert len(arrived) - mails <= connections
        await accounted(site, 0)
