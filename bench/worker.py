"""Our process as `pmp worker` runs it, or with other roles, watched.

Ends at SIGTERM; BENCH_PROFILE names a file for cProfile.
"""

from __future__ import annotations

import cProfile
import os
import sys

from bench.clock import Latencies
from workers import bootstrap, logs
from workers.event_loop import run, spare_collector
from workers.settings import load_settings


def main() -> None:
    logs.configure()
    latencies = Latencies.from_environment()
    work = bootstrap.run(
        load_settings(),
        [role for role in bootstrap.ROLES if role in (sys.argv[1:] or ["worker"])],
        on_ready=spare_collector,
    )
    if path := os.environ.get("BENCH_PROFILE"):
        profile = cProfile.Profile()
        profile.runcall(run, work)
        profile.dump_stats(path)
    else:
        run(work)
    latencies.write()


if __name__ == "__main__":
    main()
