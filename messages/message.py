"""What every message is: a frozen, strict value whose class name is its kind."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from messages.envelope import JSON

_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL_OR_BREAK = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Message(BaseModel):
    """A value that a sender says; unknown fields, wrong types and non-finite numbers are refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    kind: ClassVar[str] = ""
    family: ClassVar[str] = ""
    content_type: ClassVar[str] = JSON
    builds_on: ClassVar[str] = ""
    """The field that names the thing which must have come before."""

    @property
    def prerequisite(self) -> str | None:
        """What must have come before, as field and value; None when nothing need have."""
        value = getattr(self, self.builds_on) if self.builds_on else None
        return None if value is None else f"{self.builds_on}:{value}"

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Name the kind by class and module: ``RegistrationSubmitted`` in ``registration`` is ``registration.submitted``."""
        super().__pydantic_init_subclass__(**kwargs)
        family = cls.__module__.rpartition(".")[2]
        prefix = "".join(part.capitalize() for part in family.split("_"))
        rest = cls.__name__.removeprefix(prefix)
        if rest == cls.__name__ or not rest:
            return  # an abstract model or a part of a message
        words = re.sub(r"(?<!^)(?=[A-Z])", "_", rest).lower()
        cls.family = family
        cls.kind = f"{family}." + re.sub(r"_v(\d+)$", r".v\1", words)


class Part(BaseModel):
    """A value inside a message, as strict as the message itself."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


def _email(value: str) -> str:
    local, _, domain = value.rpartition("@")
    if len(local) > 64 or len(domain) > 253 or not _EMAIL.fullmatch(value):
        raise ValueError("is not an e-mail address")
    return value


def _one_line(value: str) -> str:
    if _CONTROL_OR_BREAK.search(value):
        raise ValueError("holds control characters")
    return value


def _prose(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("holds control characters")
    return value


Email = Annotated[str, StringConstraints(min_length=3, max_length=254), AfterValidator(_email)]
"""One mailbox, ASCII (RFC 5321, 5322 dot-atom); compared without regard to case (R2)."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)]
"""One line of text a person wrote, without control or direction characters."""

ShortLine = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_one_line)]
"""A name, a code or a number, as a person wrote it."""

Prose = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(_prose)]
"""Several lines a person wrote."""

Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
"""An identifier that the sender chose for a thing of its own (a registration, an account, a ticket)."""

Sealed = Annotated[
    str,
    StringConstraints(min_length=64, max_length=4096, pattern=r"^[a-z0-9-]{1,32}\.[A-Za-z0-9_-]+$"),
    Field(json_schema_extra={"writeOnly": True}),
]
"""A secret sealed to the workers' public key: ``<key id>.<base64url of a libsodium sealed box>`` (R38)."""

Moment = AwareDatetime
"""A point in time with its offset; stored as UTC."""


def same_address(email: str) -> str:
    """Reduce an address to what it is compared by (R2: without regard to case)."""
    return email.casefold()
