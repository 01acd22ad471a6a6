"""The site's own settings."""

from __future__ import annotations

from workers.cli.opened import AsJson, site_settings, warn
from workers.cli.presenting import print_json, print_table


def settings(*, json: AsJson = False) -> None:
    """List every setting: its value, where that comes from, its meaning; secrets are never shown. 78 when one is wrong."""
    from workers.settings import described

    found = site_settings()
    rows = described(found)
    if json:
        print_json(rows)
    else:
        print_table(
            "Settings", ["variable", "value", "from", "meaning"], [[r.name, r.value, r.source, r.meaning] for r in rows]
        )
    warn(found)
