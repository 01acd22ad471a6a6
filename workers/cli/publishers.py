"""Who may publish what: as a table, and as the permissions that RabbitMQ imports (R61)."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from workers.cli.opened import AsJson, site_settings
from workers.cli.presenting import print_json, print_table

app = App(name="publishers", help="Who may publish what (PMP_PUBLISHERS).")


@app.command(name="list")
def list_(*, json: AsJson = False) -> None:
    """List each broker user with every kind that it may send."""
    from handlers.publishers import Publishers

    publishers = Publishers(site_settings().publishers)
    table = {user: publishers.kinds_of(user) for user in publishers}
    if json:
        print_json(table)
        return
    rows = [(user, kind) for user, allowed in table.items() for kind in allowed]
    print_table("Publishers", ["broker user", "may send"], rows, empty="nobody may send anything (PMP_PUBLISHERS)")


@app.command
def permissions(
    *, vhost: Annotated[str, Parameter(help="The virtual host; that of PMP_AMQP_URL, or pmp, when left out.")] = ""
) -> None:
    """Print the same as RabbitMQ definitions: import them after the users were made, and the broker itself keeps the rule."""
    from handlers.publishers import Publishers
    from workers.topology.definitions import VHOST, permissions_of
    from workers.topology.management import vhost_of
    from workers.topology.users import publisher

    settings = site_settings()
    publishers = Publishers(settings.publishers)
    url = settings.amqp_url.get_secret_value()
    vhost = vhost or (vhost_of(url) if url else VHOST)
    print_json(permissions_of([publisher(user, "", publishers.kinds_of(user)) for user in publishers], vhost=vhost))
