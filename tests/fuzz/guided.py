"""A search guided by coverage: ``python -m tests.fuzz.guided --seconds 600`` (libFuzzer through atheris; Linux on x86-64).

It begins with the samples and with what earlier searches kept, and grows a corpus of its own in ``.cache/fuzz``, with which the
next run goes on. A file that is handled wrongly is kept beside the others and from then on tried by every test run.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["messages.asap", "handlers.reading"]):
    from tests.fuzz.files import CORPUS, handle, seeds

GROWN = Path(".cache/fuzz")


def one_file(body: bytes) -> None:
    """The file has a verdict and counts that add up; the one that has not is kept, and ends the search."""
    try:
        handle(body)
    except Exception as error:
        kept = CORPUS / f"{type(error).__name__}-{hashlib.sha256(body).hexdigest()[:12]}.dat"
        kept.write_bytes(body)
        sys.stderr.write(f"{type(error).__name__}, kept as {kept.name}\n")
        raise


def main() -> None:
    """Search for so many seconds; ends with libFuzzer's exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=60)
    given = options.parse_args()
    GROWN.mkdir(parents=True, exist_ok=True)
    for body in seeds():
        (GROWN / hashlib.sha256(body).hexdigest()[:16]).write_bytes(body)
    atheris.Setup(
        [sys.argv[0], str(GROWN), f"-max_total_time={given.seconds}", "-max_len=20000", "-print_final_stats=1"],
        one_file,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
