"""Roles are data: one table says what each must show, who approves it, and what it may do (R3–R10; ``roles.toml``)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from messages.errors import Misconfigured
from messages.registration import Applicant

Credential = Literal["csp", "dea", "license"]
_DASHES = re.compile(r"\s*[-‐‑‒–—―]\s*")


class Role(BaseModel):
    """One role: what its form must hold, what must be true before it is approved, what it may do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    profile: str
    group: Literal["Healthcare Professional", "Law Enforcement", "Other", "System Admin"]
    fields: tuple[str, ...]
    credentials: frozenset[Credential]
    documents: bool = False
    supervisor: bool = False
    agency_list: bool = False
    training: bool = False
    authorised: bool = False
    queries: Literal["yes", "for_supervisor", "with_case", "registry", "no"]
    delegates: bool = False

    @field_validator("fields")
    @classmethod
    def _are_fields_of_the_form(cls, fields: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(fields) - set(Applicant.model_fields):
            raise ValueError(f"the form has no field {', '.join(sorted(unknown))}")
        return fields

    @property
    def is_delegate(self) -> bool:
        """Whether it acts on others' behalf only (R7)."""
        return self.queries == "for_supervisor"

    @property
    def is_admin(self) -> bool:
        """Whether its accounts are administrators (R6, R10)."""
        return self.group == "System Admin"

    def missing(self, applicant: Applicant) -> tuple[str, ...]:
        """Name the required fields that the form leaves empty (R3)."""
        return tuple(name for name in self.fields if getattr(applicant, name) is None)


class Roles:
    """The programme's roles, found by name as people write it: a hyphen is as good as a dash, and case does not count."""

    def __init__(self, roles: Mapping[str, Role]) -> None:
        self._by_key = {_key(name): role for name, role in roles.items()}

    def __iter__(self) -> Iterator[Role]:
        return iter(self._by_key.values())

    def find(self, name: str) -> Role | None:
        """Return the role of this name, or None."""
        return self._by_key.get(_key(name))

    def named(self, name: str) -> Role:
        """Return the role of an account or registration, which was looked up when it was taken.

        Raises:
            Misconfigured: the site's file has taken away a role that is in use.
        """
        role = self.find(name)
        if role is None:
            raise Misconfigured("A role that is in use is not in the table of roles any more (PMP_ROLES_FILE).")
        return role


def _key(name: str) -> str:
    return _DASHES.sub("-", " ".join(name.split())).casefold()


@cache
def standard_roles() -> Roles:
    """Return the manual's roles."""
    return _roles(tomllib.loads(resources.files("handlers.rules").joinpath("roles.toml").read_text("utf-8")))


def load_roles(file: Path | None) -> Roles:
    """Return the manual's roles with a site's changes.

    Raises:
        Misconfigured: the file cannot be read, or an entry is wrong; names the entry.
    """
    if file is None:
        return standard_roles()
    standard = tomllib.loads(resources.files("handlers.rules").joinpath("roles.toml").read_text("utf-8"))
    try:
        own = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Misconfigured(f"The table of roles cannot be read: {type(error).__name__}.") from None
    profiles = dict(standard["profile"])
    for name, profile in own.get("profile", {}).items():
        profiles[name] = {**profiles.get(name, {}), **profile}
    return _roles({"profile": profiles, "role": {**standard["role"], **own.get("role", {})}})


def _roles(table: Mapping[str, Any]) -> Roles:
    found = {}
    for name, profile in table["role"].items():
        if profile not in table["profile"]:
            raise Misconfigured(f"The role {name} has a profile that the table of roles does not hold.")
        try:
            found[name] = Role(name=name, profile=profile, **table["profile"][profile])
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise Misconfigured(f"The profile {profile} in the table of roles is wrong at {where}.") from None
    return Roles(found)
