"""Files as they are handed in: read, gzipped where that is worth it, refused here when the workers would refuse their size."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from messages.errors import Malformed

_GZIP = b"\x1f\x8b"
_WORTH_BYTES = 64 * 1024
"""From here on packing saves more time on the way than it takes; an ASAP file packs to about a tenth."""


@dataclass(frozen=True, slots=True)
class Body:
    """What travels: the bytes on the wire, and what they are."""

    wire: bytes
    content_encoding: str | None = None


def refuse_unreadable(files: Iterable[Path]) -> None:
    """Every file can be opened: a wrong name is told while nothing has been sent.

    Raises:
        Malformed: one cannot.
    """
    for file in files:
        try:
            file.open("rb").close()
        except OSError as error:
            raise _unreadable(file, error) from None


def read(file: Path) -> bytes:
    """Return the file's bytes.

    Raises:
        Malformed: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from None


def read_unpacked(file: Path, *, bytes_max: int) -> bytes:
    """Return the file's bytes, unpacked when they are gzipped.

    Raises:
        Malformed: it cannot be read, is broken gzip, or unpacks to more than ``bytes_max``.
    """
    raw = read(file)
    if not raw.startswith(_GZIP):
        return raw
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(raw, bytes_max + 1)
    except zlib.error:
        raise Malformed(f"{file} begins like gzip and is not.") from None
    if len(unpacked) > bytes_max or not unpacker.eof:
        raise Malformed(f"{file} is cut short, or unpacks to more than {bytes_max} bytes.")
    return unpacked


def packed(file: Path, *, use_gzip: bool | None, bytes_max: int) -> Body:
    """Return the file as it travels: a gzipped one as it is, a large one gzipped, the same bytes each time.

    Args:
        file: which.
        use_gzip: None leaves it to the file's size.
        bytes_max: the most that the workers take on the wire.

    Raises:
        Malformed: it cannot be read, or is too large even so.
    """
    raw = read(file)
    if raw.startswith(_GZIP):
        body = Body(raw, "gzip")
    elif use_gzip or (use_gzip is None and len(raw) >= _WORTH_BYTES):
        body = Body(gzip.compress(raw, 6, mtime=0), "gzip")  # without the time: sent again, it must be the same message
    else:
        body = Body(raw)
    if len(body.wire) > bytes_max:
        raise Malformed(f"{file} has {len(body.wire)} bytes on the way; the workers take {bytes_max}. Split it.")
    return body


def _unreadable(file: Path, error: OSError) -> Malformed:
    return Malformed(f"{file} cannot be read: {error.strerror}.")
