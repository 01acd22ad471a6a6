"""The command that plays a month and lays it beside the rules."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from workers.cli.app import AT_FAULT, GOOD, WrongUse
from workers.cli.opened import AsJson, site_settings
from workers.cli.presenting import hint, print_json
from workers.cli.progress import progress_bar

_SEED = 20_251_028
_LOG = "simulation.log"


async def simulate(
    *,
    days: Annotated[int, Parameter(help="How many days.", validator=validators.Number(gte=1, lte=62))] = 31,
    seed: Annotated[int, Parameter(help="Everything made up follows from it.")] = _SEED,
    folder: Annotated[Path, Parameter(help="Where everything is kept; emptied first.")] = Path(".local/simulation"),
    postgres: Annotated[bool, Parameter(help="Keep the store in PostgreSQL instead of SQLite.", negative=())] = False,
    json: AsJson = False,
) -> int:
    """Play a month of a small state through a real RabbitMQ, with clocks that are set; 1 when a rule was not kept.

    Every notice, every outcome and every end is laid beside a slow model of the rules; then conservation and audit trail are
    verified, and everything is searched for patients' data and secrets.

    With --postgres the store is a database of the month's own, dropped at the end: on the server in PMP_TEST_POSTGRES_URL, else
    on one in Docker, else on a private one.
    """
    from rich.console import Console

    from workers import logs
    from workers.demo.place import emptied
    from workers.simulation import report, show
    from workers.simulation import simulate as play

    if folder.exists() and not (folder / _LOG).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUse(f"--folder is emptied first, and {folder} holds what no simulation left there: name another.")
    settings = site_settings()
    emptied(folder)
    with (folder / _LOG).open("w", encoding="utf-8", buffering=1) as log:
        logs.configure(logging.INFO, to=log)
        with progress_bar("The month passes", quiet=json):
            result = await play(settings, hint, log=folder / _LOG, days=days, seed=seed, postgres=postgres)
    if json:
        print_json(report(result))
    else:
        show(Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 240), result)
    return GOOD if result.is_clean else AT_FAULT
