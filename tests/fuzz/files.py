"""A long search for files that make the reader or the store's checks fail: ``python -m tests.fuzz.files --seconds 600``.

It damages the samples and what earlier searches kept, by a seed that is printed. A file that is handled wrongly is kept in
``corpus`` and from then on tried by every test run.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import time
from collections.abc import Iterator
from pathlib import Path

from handlers.reading import read_file
from tests.unit.handlers.test_damaged_files import GOOD, NOW, POLICY, damaged, taken

CORPUS = Path(__file__).parent / "corpus"
SAMPLES = Path(__file__).parents[1] / "samples" / "asap"
_HOW = ("cut", "double", "swap", "flip", "insert", "end")
_INSERTED = (b"~", b"*", b"\r\n", b"TH*4.2B*", b"\0", b"\xff\xfe", b"~~", b"DSP*", b"TP*1~", b"9" * 300, "²é".encode())


def seeds() -> list[bytes]:
    """Every file that a search begins with."""
    return [GOOD, *(path.read_bytes() for folder in (SAMPLES, CORPUS) for path in sorted(folder.glob("*.dat")))]


def handle(body: bytes) -> None:
    """The file has a verdict and counts that add up; raises when it is handled wrongly."""
    taken(read_file(body, NOW, POLICY))


def variants(chance: random.Random) -> Iterator[bytes]:
    """Hand on damaged files for ever."""
    bodies = seeds()
    while True:
        body = chance.choice(bodies)
        for _ in range(chance.randint(1, 4)):
            start, length = chance.randint(0, len(body)), chance.choice((1, 2, 10, 100, 1000))
            body = damaged(body, chance.choice(_HOW), start, length, chance.randint(0, 7), chance.choice(_INSERTED))
        yield body


def main() -> int:
    """Search for so many seconds; 1 when a file was kept."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--seed", type=int, default=int(time.time()))
    given = options.parse_args()
    until = time.monotonic() + given.seconds
    print(f"seed {given.seed}")
    for tried, body in enumerate(variants(random.Random(given.seed)), start=1):
        try:
            handle(body)
        except Exception as error:  # noqa: BLE001 - whatever it is, the file that causes it is what is searched for
            kept = CORPUS / f"{type(error).__name__}-{hashlib.sha256(body).hexdigest()[:12]}.dat"
            kept.write_bytes(body)
            print(f"file {tried}: {type(error).__name__}, kept as {kept.name}")
            return 1
        if time.monotonic() > until:
            print(f"{tried} files, none handled wrongly")
            return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
