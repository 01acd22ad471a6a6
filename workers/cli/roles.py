"""The table of roles in force: the manual's, with the site's changes (R3–R10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workers.cli.opened import AsJson, site_settings
from workers.cli.presenting import print_json, print_table, say

if TYPE_CHECKING:
    from handlers.rules.roles import Role


def roles(*, json: AsJson = False) -> None:
    """List every role: what its form must hold, what comes before its approval, what it may do."""
    from handlers.rules.roles import load_roles

    found = list(load_roles(site_settings().roles_file))
    if json:
        print_json([role.model_dump(mode="json") | {"credentials": sorted(role.credentials)} for role in found])
        return
    columns = ["role", "group", "before approval", "patients", "delegates", "credentials", "fields"]
    print_table("Roles", columns, [_row(role) for role in found])
    say("→ `pmp roles --json` names the required fields")


def _row(role: Role) -> list[object]:
    before = {
        "documents": role.documents,
        "supervisor": role.supervisor,
        "agency list": role.agency_list,
        "authorisation": role.authorised,
    }
    wanted = [name for name, is_wanted in before.items() if is_wanted]
    if role.training:
        wanted.append("(training before full access)")
    return [
        role.name, role.group, ", ".join(wanted) or "–", role.queries.replace("_", " "),
        "yes" if role.delegates else "no", ", ".join(sorted(role.credentials)) or "–", len(role.fields),
    ]  # fmt: skip
