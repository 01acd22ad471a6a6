"""The keys to which portals seal secrets (R38): made, listed, rotated. The first seals; all that are set open."""

from __future__ import annotations

import base64
import json as jsonlib
import re
from collections.abc import Iterable
from typing import Annotated

from cyclopts import App, Parameter

from messages.errors import Misconfigured
from workers.cli.app import WrongUse
from workers.cli.opened import AsJson, site_settings
from workers.cli.presenting import hint, print_json, print_table, say

app = App(name="keys", help="Make, list and rotate the keys to which portals seal secrets.")


@app.command
def new(
    *,
    key_id: Annotated[str, Parameter(help="The key's id; its date when left out.")] = "",
    json: AsJson = False,
) -> None:
    """Make a key. It is shown once and kept nowhere: set it as it is printed, with the older keys behind it."""
    settings = site_settings()
    from handlers.secrets import new_private_key
    from workers.bootstrap import now

    older = settings.sealing_keys
    if key_id and not re.fullmatch("[A-Za-z0-9_-]{1,64}", key_id):
        raise WrongUse("--key-id takes letters, digits, - and _.")
    if key_id in older:
        raise WrongUse("A key of that id is set already.")
    key_id = key_id or _free_id(f"k{now():%Y%m%d}", older)
    private = new_private_key()
    secret = base64.b64encode(private).decode()
    public = _public({key_id: private})[key_id]
    if json:
        print_json({"key_id": key_id, "private_key": secret, "public_key": public})
        return
    entries = {key_id: secret} | {older_id: key.get_secret_value() for older_id, key in older.items()}
    say(f"PMP_SEALING_KEYS={jsonlib.dumps(entries)}")
    hint(f"For portals: {key_id} {public}")
    if older:
        hint(
            f"Set this for every worker, then give portals the new public key. {', '.join(older)} still open"
            f"{'s' if len(older) == 1 else ''} what was sealed before; drop the oldest once nothing of it can be on its way."
        )


@app.command(name="list")
def list_(*, json: AsJson = False) -> None:
    """List the keys that are set, by id and public half; the first seals."""
    settings = site_settings()
    public = _public(settings.private_keys())
    if json:
        print_json(
            [
                {"key_id": key_id, "public_key": key, "seals": not place}
                for place, (key_id, key) in enumerate(public.items())
            ]
        )
        return
    print_table(
        "Sealing keys",
        ["key", "public half", ""],
        [[key_id, key, "opens" if place else "seals and opens"] for place, (key_id, key) in enumerate(public.items())],
    )
    if not public:
        say("→ `pmp keys new` makes one; `pmp up` without one makes its own, in .local/sealing-key")


@app.command
def public(*, json: AsJson = False) -> None:
    """Print the id and public half of the key that seals now, for portals. 78 when none is set."""
    settings = site_settings()
    for key_id, key in _public(settings.private_keys()).items():
        if json:
            print_json({"key_id": key_id, "public_key": key})
        else:
            say(f"{key_id} {key}")
        return
    raise Misconfigured("No sealing key is set (PMP_SEALING_KEYS); `pmp keys new` makes one.")


def _public(private_keys: dict[str, bytes]) -> dict[str, str]:
    from handlers.secrets import Vault

    return {
        key_id: base64.b64encode(Vault({key_id: key}).sealing_key.public_key).decode()
        for key_id, key in private_keys.items()
    }


def _free_id(wanted: str, taken: Iterable[str]) -> str:
    """Return the id, with a number behind it when two keys are made on one day."""
    ids, free, number = set(taken), wanted, 1
    while free in ids:
        number += 1
        free = f"{wanted}-{number}"
    return free
