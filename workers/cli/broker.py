"""The broker: what is wrong with it, what must stand on it."""

from __future__ import annotations

from cyclopts import App

from workers.cli.app import AT_FAULT, GOOD
from workers.cli.opened import AsJson, DryRun, broker_url, site_settings
from workers.cli.presenting import print_json, print_table, say

topology_app = App(name="topology", help="Show or declare queues, exchanges and policies.")


async def doctor(*, json: AsJson = False) -> int:
    """Compare what the broker really applies with what is needed; the worst first. 1 when something is a fault.

    78 when an e-mail template of this site's own is wrong.
    """
    settings = site_settings()
    from messages.registry import families
    from workers.bootstrap import management_of, renderer_of
    from workers.topology.doctor import Examination, examine, remedy
    from workers.topology.plan import plan

    renderer_of(settings).check()
    url = broker_url(settings)
    findings = await examine(
        plan(families()),
        url,
        management_of(settings),
        Examination(handler_budget_seconds=settings.handler_seconds, body_bytes_max=settings.file_bytes_max),
    )
    if json:
        print_json(findings)
    else:
        for finding in findings:
            if finding.severity != "good":
                say(f"{finding.severity.replace('_', ' ').upper()}  {finding.subject} ({finding.id})")
                say(f"    {finding.sentence}")
        good = sum(finding.severity == "good" for finding in findings)
        if mended_by := remedy(findings):
            say(mended_by)
        say(f"{good} good, {len(findings) - good} to read." if good < len(findings) else f"All {good} good.")
    return AT_FAULT if any(one.severity in ("loses_messages", "fault") for one in findings) else GOOD


@topology_app.command
def show(*, json: AsJson = False) -> None:
    """Show what must stand on the broker; needs no broker."""
    from messages.registry import families
    from workers.topology.plan import plan

    planned = plan(families())
    if json:
        print_json(
            {
                "exchanges": planned.exchanges,
                "queues": [
                    {"name": q.name, "terminal": q.terminal, "arguments": dict(q.arguments)} for q in planned.queues
                ],
                "bindings": planned.bindings,
                "policies": [
                    {"name": p.name, "pattern": p.pattern, "applies_to": p.applies_to, "priority": p.priority}
                    | {"definition": {setting.key: setting.value for setting in p.settings}}
                    for p in planned.policies
                ],
            }
        )
        return
    print_table("Exchanges", ["exchange", "type"], [[e.name, e.kind] for e in planned.exchanges])
    print_table(
        "Queues (quorum)",
        ["queue", "takes", "policy"],
        [
            [
                queue.name,
                ", ".join(b.routing_key or f"all of {b.exchange}" for b in planned.bindings if b.queue == queue.name),
                ", ".join(f"{s.key}={s.value}" for p in planned.policies if p.name == queue.name for s in p.settings),
            ]
            for queue in planned.queues
        ],
    )


@topology_app.command
async def declare(*, dry_run: DryRun = False, json: AsJson = False) -> None:
    """Make everything that must stand on the broker; nothing is removed, and doing it again changes nothing."""
    settings = site_settings()
    url = broker_url(settings)
    from messages.registry import families
    from workers.bootstrap import management_of
    from workers.topology.declare import changes
    from workers.topology.declare import declare as declare_plan
    from workers.topology.plan import plan

    planned, management = plan(families()), management_of(settings)
    made = await (changes(management, planned) if dry_run else declare_plan(url, management, planned))
    if json:
        print_json({"dry_run": dry_run, "changes": made})
        return
    for change in made:
        say(f"{'would ' if dry_run else ''}{change}")
    if not made:
        say("Everything stands already.")
