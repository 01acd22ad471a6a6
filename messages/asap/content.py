"""What a submission says, told apart by a digest: not how or when it was written (F11, R48)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b


class ContentDigest:
    """Grows with what is read, in constant memory; equal for two submissions that say the same.

    Blanks that pad a field, empty fields at a segment's end, line ends, encoding and marks are how it is written, and not told.
    """

    def __init__(self, separator: str = "") -> None:
        self._separator, self._padding = separator, (f" {separator}", f"{separator} ", " \n")
        self._hash = blake2b(digest_size=16)

    def add_segments(self, pieces: Sequence[str]) -> None:
        """Add the next segments. Nearly none is padded: only where one is, fields are looked at one by one."""
        separator = self._separator
        text = "\n".join([piece.rstrip(separator) for piece in pieces]) + "\n"
        if any(padding in text for padding in self._padding):
            plain = (separator.join(map(str.strip, piece.split(separator))).rstrip(separator) for piece in pieces)
            text = "\n".join(plain) + "\n"
        self._hash.update(text.replace(separator, "*").encode())

    def add_record(self, text: str) -> None:
        """Add the next record of a list."""
        self._hash.update(f"{text}\n".encode())

    def __str__(self) -> str:
        return self._hash.hexdigest()
