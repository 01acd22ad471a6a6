"""The site's own settings."""

from __future__ import annotations

from workers.cli.opened import AsJson, site_settings
from workers.cli.presenting import hint, print_json, print_table


def settings(*, json: AsJson = False) -> None:
    """List every setting: its value, where that comes from, its meaning; secrets are never shown. 78 when one is wrong."""
    from workers.setting_sources import strange
    from workers.settings import described

    rows = described(site_settings())
    if json:
        print_json(rows)
    else:
        print_table(
            "Settings", ["variable", "value", "from", "meaning"], [[r.name, r.value, r.source, r.meaning] for r in rows]
        )
    for sentence in strange(row.name for row in rows):
        hint(f"warning: {sentence}")
