"""Mail relay: what a recipient may not get now is refused with the reason or delayed; what is urgent leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from notifier.render import Renderer
from notifier.transport import Refused
from store import bounces, outbox
from store.bounces import Bounce
from store.outbox import Staged
from store.recipients import RecipientRules
from store.sqlite import SqliteStore, open_sqlite
from tests.sender import SENDER
from tests.site import Counted
from tests.unit.workers.test_relay_mail import FACTS, Carrier
from workers.relay.mail import MailRelay

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
BO = "bo@example.org"
CRITICAL = {"number": "T2026-000001", "since_text": "2026-11-24 10:00 EST", "resolve_by_text": "2026-11-24 14:00 EST"}


async def _relay(path: Path, carrier: Carrier, now: datetime = NOW) -> tuple[SqliteStore, MailRelay]:
    store = await open_sqlite(path)
    await store.migrate()
    renderer = Renderer(SENDER)
    return store, MailRelay(store, renderer, carrier, lambda: now, "one", 120, RecipientRules(2, renderer.urgent))


def test_what_may_not_wait_is_urgent() -> None:
    """Critical tickets (R74), reported conduct (R25), links and locks that last minutes (R22, R36, R37); nothing else."""
    assert Renderer(SENDER).urgent == {
        "ticket.critical", "conduct.reported", "account.password_reset", "account.email_change_confirm", "account.locked",
    }  # fmt: skip


async def test_a_marked_address_is_told_of_in_the_outbox(tmp_path: Path) -> None:
    """The mail server is not asked; an operator sees the row as refused, with the reason."""
    carrier = Carrier()
    store, relay = await _relay(tmp_path / "pmp.db", carrier)
    try:
        await store.write(lambda tx: bounces.mark(tx, Bounce(BO, "permanent", NOW, 1)))
        staged = [
            Staged("mail", "ticket.opened", BO, FACTS, key="k1"),
            Staged("mail", "ticket.critical", BO, CRITICAL, key="k2"),
        ]
        await store.write(lambda tx: outbox.stage_all(tx, staged, NOW))
        await relay.turn()
    finally:
        await store.close()
    assert carrier.carried == [BO]  # the urgent one
    rows = Counted(store.path).rows("SELECT state, reply FROM outbox ORDER BY no")
    assert rows == [("refused", "not sent: the address is marked, its mail came back"), ("sent", "250 queued")]


async def test_a_refusal_at_hand_over_marks_nothing(tmp_path: Path) -> None:
    """It may be about that one mail: its row says so, and the next is tried."""
    carrier = Carrier([Refused(550, "no such mailbox")] * 2)
    store, relay = await _relay(tmp_path / "pmp.db", carrier)
    try:
        for number in range(3):
            staged = [Staged("mail", "ticket.opened", BO, FACTS, key=f"k{number}")]
            await store.write(lambda tx, staged=staged: outbox.stage_all(tx, staged, NOW))  # type: ignore[misc]
            await relay.turn()
        assert await store.read(bounces.marked_count) == 0
    finally:
        await store.close()
    assert [row[0] for row in Counted(store.path).rows("SELECT state FROM outbox ORDER BY no")] == [
        "refused",
        "refused",
        "sent",
    ]


async def test_more_than_the_limit_leaves_an_hour_later(tmp_path: Path) -> None:
    """None is lost, and the urgent one does not wait."""
    carrier = Carrier()
    for hours, carried in ((0, 3), (1, 5), (2, 6)):
        now = NOW + timedelta(hours=hours, seconds=hours)
        store, relay = await _relay(tmp_path / "pmp.db", carrier, now)
        try:
            if not hours:
                staged = [Staged("mail", "ticket.opened", BO, FACTS, key=f"k{number}") for number in range(5)]
                staged.append(Staged("mail", "ticket.critical", BO, CRITICAL, key="k9"))
                await store.write(lambda tx, staged=staged: outbox.stage_all(tx, staged, NOW))  # type: ignore[misc]
            await relay.turn()
        finally:
            await store.close()
        assert len(carrier.carried) == carried
