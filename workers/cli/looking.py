"""Commands for whoever is woken up: what stands where, what became of one message, whether all of them are accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from messages.errors import BrokerAway, Misconfigured
from workers.cli.app import AT_FAULT, GOOD, exit_code
from workers.cli.opened import AsJson, site_settings, standing_store
from workers.cli.presenting import age, counted, hint, moment, print_json, print_table, say
from workers.cli.progress import progress_bar

if TYPE_CHECKING:
    from datetime import datetime

    from store.overview import Conservation, Standing, Status
    from workers.depths import Depth
    from workers.settings import Settings


async def status(*, json: AsJson = False) -> int:
    """Show queues, inbox, outbox, waiting messages, dead letters and sweeps, the oldest first.

    69 when the broker is away, 78 when it refuses us; what the store holds is shown all the same.
    """
    settings = site_settings()
    from store import overview
    from workers.bootstrap import now

    async with standing_store(settings) as store:
        seen = await store.read(lambda tx: overview.status(tx, now()))
    queues, code = await _queues(settings)
    if json:
        print_json(_status_json(seen, queues))
    else:
        _show_status(seen, queues)
    return code


async def trace(
    message_id: Annotated[str, Parameter(help="As its sender gave it, or as `pmp dead-letters list` shows it.")],
    /,
    *,
    json: AsJson = False,
) -> int:
    """Tell one message's whole story, in order. 1 when no message of that id was ever taken."""
    settings = site_settings()
    from store import overview

    async with standing_store(settings) as store:
        stories = await store.read(lambda tx: overview.trace(tx, message_id))
    if json:
        print_json(stories)
        return GOOD if stories else AT_FAULT
    if not stories:
        hint("No message of that id was ever taken. It may still be in a queue: see `pmp status`.")
        return AT_FAULT
    for story in stories:
        say(f"{story.message_id} from {story.sender}: {story.kind}, {story.state}")
        for event in story.events:
            say(f"  {event.at:%Y-%m-%d %H:%M:%S} UTC  {event.what:<10} {event.text}")
        if story.lost_attempts:
            say(f"  {counted(story.lost_attempts, 'attempt')} ended with the process.")
    return GOOD


async def reconcile(*, json: AsJson = False) -> int:
    """Prove from store and broker that every message is in exactly one place. 1 when that is not so."""
    settings = site_settings()
    from store import overview

    async with standing_store(settings) as store:
        with progress_bar("Looking at every message", quiet=json):
            found = await store.read(overview.reconcile)
    queues, code = await _queues(settings)
    hidden = [queue for queue in queues if queue.hidden]
    is_clean = found.is_clean and not hidden
    if json:
        print_json(_conservation_json(found, queues, is_clean=is_clean))
    else:
        _show_conservation(found, hidden, queues, is_clean=is_clean)
    return code if is_clean else AT_FAULT


async def _queues(settings: Settings) -> tuple[tuple[Depth, ...], int]:
    """Return the queues and 0, or none and the code of what hides them, which standard error is told."""
    if not settings.amqp_url.get_secret_value():
        hint("The queues are not shown: no broker is set (PMP_AMQP_URL).")
        return (), GOOD
    from workers.depths import depths

    try:
        return await depths(settings), GOOD
    except (BrokerAway, Misconfigured) as error:
        hint(f"The queues are not shown: {error}")
        return (), exit_code(error)


def _status_json(seen: Status, queues: tuple[Depth, ...]) -> dict[str, object]:
    return {
        "queues": _queues_json(queues),
        "inbox": dict(seen.inbox),
        "outbox": seen.outbox,
        "deferred": {
            "count": seen.deferred.count,
            "oldest_at": seen.deferred.oldest_at,
            "next_due_at": seen.next_due_at,
        },
        "dead_letters": dict(seen.dead_letters) | {"groups": seen.causes},
        "sweeps": seen.sweeps,
        "troubles": seen.troubles,
    }


def _queues_json(queues: tuple[Depth, ...]) -> list[dict[str, object]]:
    return [{"name": queue.name, "depth": queue.depth, "consumers": queue.consumers} for queue in queues]


def _show_status(seen: Status, queues: tuple[Depth, ...]) -> None:
    now = seen.seen_at
    if seen.troubles:
        print_table(
            "What fails, and is tried again",
            ["since", "times", "what", "error"],
            [[age(one.since_at, now), one.failures, one.part, one.error] for one in seen.troubles],
        )
    print_table(
        "Open dead letters by cause",
        ["oldest", "number", "kind", "cause"],
        [[age(c.oldest_at, now), c.count, c.kind, f"{c.text} ({c.code})"] for c in seen.causes],
    )
    if seen.causes:
        say("  → `pmp dead-letters list`; mend the cause, then `pmp dead-letters replay --all-matching --why …`")
    waiting = f"{seen.deferred.count}, the oldest for {age(seen.deferred.oldest_at, now)}, next due "
    due = f"{age(seen.next_due_at, now)}{_late(seen.next_due_at, now)}"
    say(f"Waiting for their turn: {waiting + due if seen.deferred.count else 'none'}")
    print_table(
        "Inbox", ["state", "number", "oldest"], [_standing(state, one, now) for state, one in _oldest_first(seen)]
    )
    print_table(
        "Outbox",
        ["oldest", "channel", "state", "number"],
        [[age(one.oldest_at, now), one.channel, one.state.replace("_", " "), one.count] for one in seen.outbox],
    )
    if withheld := sorted({one.state for one in seen.outbox} & {"held", "refused", "unknown"}):
        say("  → " + ", ".join(f"`pmp outbox list --state {state}`" for state in withheld))
    if queues:
        print_table("Queues", ["queue", "messages", "consumers"], [_queue(queue) for queue in queues])
    if any(queue.depth is None for queue in queues):
        say("  → `pmp topology declare` makes what is missing")
    print_table(
        "Sweeps",
        ["sweep", "last for", "ran"],
        [[s.sweep, moment(s.for_date), f"{age(s.ran_at, now)} ago"] for s in seen.sweeps],
    )


def _late(due_at: datetime | None, now: datetime) -> str:
    return " ago: does a relay run?" if due_at is not None and (now - due_at).total_seconds() > 60 else ""


def _oldest_first(seen: Status) -> list[tuple[str, Standing]]:
    return sorted(seen.inbox.items(), key=lambda pair: pair[1].oldest_at or seen.seen_at)


def _standing(state: str, standing: Standing, now: datetime) -> list[object]:
    return [state, standing.count, age(standing.oldest_at, now)]


def _queue(queue: Depth) -> list[object]:
    if queue.depth is None:
        return [queue.name, "missing", "–"]
    idle = "  ← nobody consumes" if queue.depth and not queue.consumers else ""
    return [queue.name, queue.depth, f"{queue.consumers}{idle}"]


def _conservation_json(found: Conservation, queues: tuple[Depth, ...], *, is_clean: bool) -> dict[str, object]:
    return {
        "clean": is_clean,
        "taken": found.taken,
        "inbox": dict(found.inbox),
        "retired": found.retired,
        "deferred": found.deferred,
        "open_dead_letters": found.open_dead_letters,
        "offences": found.offences,
        "queues": [one | {"hidden": queue.hidden} for one, queue in zip(_queues_json(queues), queues, strict=True)],
    }


def _show_conservation(found: Conservation, hidden: list[Depth], queues: tuple[Depth, ...], *, is_clean: bool) -> None:
    parts = " + ".join(f"{number} {state}" for state, number in found.inbox.items())
    parts += f" + {found.retired} retired by age" if found.retired else ""
    say(f"{found.taken} messages taken{f' = {parts}' if parts else ''}")
    say(f"{found.inbox.get('waiting', 0)} waiting, {found.deferred} will have their turn")
    say(f"{found.inbox.get('dead', 0)} dead, {found.open_dead_letters} open dead letters")
    if queues:
        say(f"{sum(queue.depth or 0 for queue in queues)} not taken yet, in queues")
    for offence in found.offences:
        for place in offence.places:
            say(f"NOT RIGHT: {place} {offence.text}.")
        if offence.count > len(offence.places):
            say(f"NOT RIGHT: … and {offence.count - len(offence.places)} more.")
    for queue in hidden:
        say(f"NOT RIGHT: {queue.name} holds {queue.hidden} messages that cannot be dead-lettered: see `pmp doctor`.")
    if is_clean:
        say(
            "Clean: every message is in exactly one place."
            if queues
            else "Clean in the store; the queues were not seen."
        )
    else:
        say("Not clean.")
