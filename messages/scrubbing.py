"""What a portal must not have sent in clear is not kept (R38): a dead letter holds the message, and no open secret."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace

from messages.envelope import Envelope

_SEALED = re.compile(rb'"[a-z0-9-]{1,32}\.[A-Za-z0-9_-]{60,4095}"')
# The value behind a secret's name, whole or cut off, however bad the JSON around it is: a dead letter is often no JSON at all.
_SECRET = re.compile(
    rb'("(?:password|token)"\s*:\s*)("(?:[^"\\]|\\.)*"|"(?:[^"\\]|\\.)*\Z|[^\s",}\]][^,}\]]*)',
    re.IGNORECASE | re.DOTALL,
)
_REMOVED = b'"(removed: was not sealed)"'
_UNPACKED_BYTES_MAX = 1024 * 1024


def without_open_secrets(envelope: Envelope) -> Envelope:
    """Return the envelope with every password and token that is not sealed taken out of its body.

    A packed body that holds one is kept unpacked; one that cannot be unpacked holds nothing readable, and stays as it is.
    """
    body = _unpacked(envelope) if envelope.content_encoding.strip().lower() == "gzip" else envelope.body
    scrubbed = _SECRET.sub(lambda found: found[0] if _SEALED.fullmatch(found[2]) else found[1] + _REMOVED, body)
    if scrubbed == body:
        return envelope
    return replace(envelope, body=scrubbed, content_encoding="")


def _unpacked(envelope: Envelope) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(envelope.body, _UNPACKED_BYTES_MAX)
    except zlib.error:
        return b""
