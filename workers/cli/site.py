"""The site's own things: its settings, its keys."""

from __future__ import annotations

import json as jsonlib
from typing import Annotated

from cyclopts import Parameter

from workers.cli.opened import AsJson, site_settings
from workers.cli.presenting import hint, print_json, print_table, say


def settings(*, json: AsJson = False) -> None:
    """List every setting with its value and meaning; secrets are never shown."""
    from workers.settings import described

    rows = described(site_settings())
    if json:
        print_json([{"name": name, "value": value, "meaning": meaning} for name, value, meaning in rows])
        return
    print_table("Settings", ["variable", "value", "meaning"], rows)


def keys(
    *,
    key_id: Annotated[str, Parameter(help="The key's id; its date when left out.")] = "",
    json: AsJson = False,
) -> None:
    """Make a new key to which portals seal secrets (R38). It is shown once and kept nowhere."""
    import base64

    from handlers.secrets import Vault, new_private_key
    from workers.bootstrap import now

    private = new_private_key()
    key_id = key_id or f"k{now():%Y%m%d}"
    public = base64.b64encode(Vault({key_id: private}).sealing_key.public_key).decode()
    secret = base64.b64encode(private).decode()
    if json:
        print_json({"key_id": key_id, "private_key": secret, "public_key": public})
        return
    say(f"PMP_SEALING_KEYS={jsonlib.dumps({key_id: secret})}")
    hint(f"Put it first among the workers' keys; older ones still open. For portals: {key_id} {public}")
