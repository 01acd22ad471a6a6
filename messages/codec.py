"""Bytes become messages here, and nowhere else: whatever passes is of its kind, whatever does not is told why."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ValidationError

from messages.dispensation import DispensationFileSubmitted
from messages.envelope import ASAP, JSON, Envelope
from messages.errors import FieldFault, Invalid, Malformed, UnknownKind
from messages.message import Message
from messages.registry import kinds

_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
# pydantic's sentences that speak of the model and never of the value
_SAFE_SENTENCES = frozenset(
    "missing string_type string_too_short string_too_long int_type bool_type literal_error enum list_type "
    "too_short too_long date_type datetime_type timezone_aware decimal_type model_type greater_than "
    "greater_than_equal less_than less_than_equal date_from_datetime_parsing".split()
)

_PLAIN = frozenset({str, int, bool, date, Decimal})
_NOTHING: Iterable[object] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a body may weigh; told to the sender in the refusal.

    RabbitMQ itself takes 16 MiB from 4.0 on: a limit below that is answered by us instead of by a closed channel.
    """

    json_bytes_max: int = 1024 * 1024
    file_bytes_max: int = 15 * 1024 * 1024
    file_unpacked_bytes_max: int = 96 * 1024 * 1024


def decode(envelope: Envelope, limits: Limits) -> Message:
    """Return the message in this envelope.

    Raises:
        UnknownKind: nobody here speaks ``envelope.kind``.
        Malformed: no message id, a wrong content type or encoding, a body over the limit, not JSON.
        Invalid: JSON that breaks the kind's model; every field at fault is named, no value is.
    """
    if not envelope.has_own_id:
        raise Malformed(
            "The property message_id is missing; it names the message when it is sent again.",
            field="message_id",
            code="message_id_missing",
        )
    model = kinds().get(envelope.kind)
    if model is None:
        raise UnknownKind("No kind of this name is spoken here (property type).", field="type")
    content_type = envelope.content_type.partition(";")[0].strip().lower()
    if content_type != model.content_type:
        raise Malformed(
            f"The content type of {model.kind} is {model.content_type}.",
            field="content_type",
            code="wrong_content_type",
        )
    body = _unpacked(envelope, limits, most=limits.file_bytes_max if content_type == ASAP else limits.json_bytes_max)
    if model is DispensationFileSubmitted:
        return DispensationFileSubmitted(body=body, file_name=envelope.file_name)
    return _from_json(model, body)


def weight(body: bytes, content_encoding: str) -> int:
    """Return how many bytes a body holds, in constant time: of a gzip body, what its end says (RFC 1952: ISIZE).

    The sender wrote that; but ``decode`` unpacks no more than that, so that a body which says too little is none.
    """
    if not content_encoding or not _is_gzip(content_encoding):
        return len(body)
    return max(len(body), int.from_bytes(body[-4:], "little"))


def encode(message: Message) -> tuple[bytes, str]:
    """Return the body and its content type."""
    if isinstance(message, DispensationFileSubmitted):
        return message.body, ASAP
    return message.model_dump_json(exclude_none=True).encode(), JSON


def _unpacked(envelope: Envelope, limits: Limits, *, most: int) -> bytes:
    body = envelope.body
    if len(body) > most:
        raise Malformed(f"The body is larger than {most} bytes.", field="body", code="body_too_large")
    encoding = envelope.content_encoding
    if encoding.strip().lower() in ("", "identity", "utf-8"):  # some clients put the character set here
        return body
    if not _is_gzip(encoding):
        raise Malformed(
            "The content encoding is neither empty nor gzip.",
            field="content_encoding",
            code="wrong_content_encoding",
        )
    most = limits.file_unpacked_bytes_max if most == limits.file_bytes_max else most
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(body, min(weight(body, encoding), most) + 1)
    except zlib.error as error:
        raise Malformed("The body is not gzip.", field="body", code="not_gzip") from error
    if len(unpacked) > most:
        raise Malformed(f"The body unpacks to more than {most} bytes.", field="body", code="body_too_large")
    if not unpacker.eof or unpacker.unused_data:
        raise Malformed("The gzip body is cut short or has more behind its end.", field="body", code="not_gzip")
    return unpacked


def _is_gzip(content_encoding: str) -> bool:
    return content_encoding.strip().lower() == "gzip"


def _from_json(model: type[Message], body: bytes) -> Message:
    try:
        message = model.model_validate_json(body)
    except ValidationError as error:
        raise _translated(error, model.kind) from None
    if body.count(b":") == _keys_in(message):
        return message  # every key has a colon: with none to spare no key stands twice, and the slower second look is not due
    # The shape is known to be shallow now, so json.loads cannot be made to recurse.
    try:
        json.loads(body, object_pairs_hook=_no_key_twice)
    except _KeyTwice as twice:
        raise Invalid(
            f"{model.kind} names a field twice.",
            faults=(FieldFault(_field((twice.key,)), "field_twice", "is given twice"),),
        ) from None
    return message


def _keys_in(value: object) -> int:
    """Count the different keys that the value was read from."""
    found, parts = 0, _NOTHING
    if isinstance(value, BaseModel):
        found, parts = len(value.model_fields_set), vars(value).values()
    elif isinstance(value, dict):
        found, parts = len(value), value.values()
    elif isinstance(value, tuple | list):
        parts = value
    for part in parts:
        if part is not None and type(part) not in _PLAIN:
            found += _keys_in(part)
    return found


class _KeyTwice(ValueError):
    def __init__(self, key: str) -> None:
        self.key = key


def _no_key_twice(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) == len(pairs):
        return
    seen = set()
    for key, _ in pairs:
        if key in seen:
            raise _KeyTwice(key)
        seen.add(key)


def _translated(error: ValidationError, kind: str) -> Malformed | Invalid:
    details = error.errors(include_input=False, include_url=False, include_context=False)
    if details[0]["type"] == "json_invalid":
        return Malformed("The body is not JSON, or is nested too deep.", field="body", code="not_json")
    faults = tuple(
        FieldFault(_field(detail["loc"]), detail["type"], _sentence(detail["type"], detail["msg"]))
        for detail in details[:100]
    )
    number = error.error_count()
    return Invalid(f"{kind} has {number} field{'' if number == 1 else 's'} at fault.", faults=faults)


def _sentence(code: str, sentence: str) -> str:
    if code == "extra_forbidden":
        return "is not a field of this kind"
    if code == "value_error":  # our own validators, which never speak of the value
        return sentence.removeprefix("Value error, ")
    return sentence[0].lower() + sentence[1:] if code in _SAFE_SENTENCES else "is not valid"


def _field(location: tuple[int | str, ...]) -> str:
    """Write a path; a name that no model has could be anything, so only an identifier is repeated."""
    names = [str(part) if isinstance(part, int) or _FIELD_NAME.fullmatch(part) else "(unnamed)" for part in location]
    return ".".join(names) or "body"
