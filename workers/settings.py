"""Every setting, read once from ``PMP_…`` and an optional file, all problems told at once."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import SplitResult, urlsplit, urlunsplit
from zoneinfo import ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import to_jsonable_python
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from handlers.rules.policy import Policy
from messages.errors import Misconfigured
from store.contract import is_postgres
from workers.setting_sources import Origin, Variables, origin, read_file, settings_file

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_URLS = ("amqp_url", "management_url", "store")
_SECRETS = (*_URLS, "smtp_password", "sealing_keys", "audit_key")


class Settings(BaseSettings):
    """What a site decides. Variables beat the file ``PMP_SETTINGS_FILE`` (TOML), which beats the defaults."""

    model_config = SettingsConfigDict(
        env_prefix="PMP_", env_nested_delimiter="__", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    amqp_url: SecretStr = Field(
        SecretStr(""), description="RabbitMQ, e.g. amqps://user:password@broker/pmp; empty: a private node."
    )
    management_url: SecretStr = Field(
        SecretStr(""), description="RabbitMQ's management API, for policies, depths and the doctor."
    )
    store: SecretStr = Field(
        SecretStr(".local/pmp.db"), description="A SQLite file, or postgresql://user:password@host/database."
    )
    transport: Literal["folder", "smtp"] = Field(
        "folder", description="Where e-mails go: a folder of .eml files, or a mail server."
    )
    mail_folder: Path = Field(Path(".local/mail"), description="The folder of the transport 'folder'.")
    smtp_host: str = Field("localhost", description="The mail server.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Its port.")
    smtp_tls: Literal["none", "starttls", "tls"] = Field(
        "none", description="What is asked for is required, never replaced by plain (R63)."
    )
    smtp_ca_file: Path | None = Field(
        None, description="Certificates (PEM) to trust for it instead of the system's; asks for TLS (R63)."
    )
    smtp_local_hostname: str = Field(
        "", description="How this machine greets it (EHLO): a full domain name or [address]; empty: its own name."
    )
    smtp_username: str = Field("", description="Login at the mail server; empty: none.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Its password.")
    smtp_connections: int = Field(6, ge=1, le=32, description="Connections kept open to the mail server.")
    template_folder: Path | None = Field(None, description="A folder of templates that replace the built-in ones.")
    mail_from: str = Field("no-reply@pmp.example.org", description="The address e-mails come from.")
    mail_from_name: str = Field("Prescription Monitoring Program", description="The name beside it.")
    mail_reply_to: str = Field("", description="Where answers to e-mails go; empty: the contact's address.")
    mail_language: str = Field(
        "en",
        description="The language that e-mails say they are in; a site's own templates (PMP_TEMPLATE_FOLDER) speak it.",
    )
    mail_domain: str = Field(
        "", description="The domain in Message-ID and List-Id; empty: that of the address e-mails come from."
    )
    disclaimer: str = Field("", description="The disclaimer under each e-mail (R27, R50); empty: the built-in one.")
    programme_name: str = Field("Prescription Monitoring Program", description="The programme's name.")
    programme_short: str = Field("PMP", description="Its short name.")
    contact_name: str = Field("Program office", description="Whom e-mails name as contact (R27).")
    contact_email: str = Field("pmp@example.org", description="The contact's address.")
    contact_phone: str = Field("(555) 010-0100", description="The contact's telephone.")
    portal_url: str = Field("https://pmp.example.org", description="Where links lead; never taken from a message.")
    administrators: tuple[str, ...] = Field(
        ("administrators@example.org",), description="Addresses of the administrators."
    )
    on_call: tuple[str, ...] = Field(
        (), description="Addresses told of critical tickets at any hour (R74); empty: the administrators."
    )
    programme_manager: str = Field(
        "", description="Address of the programme manager, who authorises an Admin (R10); empty: the administrators do."
    )
    submitters: dict[str, str] = Field(
        default_factory=dict,
        description="Broker user → address for reports on its files (R47); others: the administrators.",
    )
    publishers: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description='Broker user → kinds it may send, e.g. {"portal": ["registration.*", "ticket.opened"]} (R61); '
        "a private node's own user may send all.",
    )
    audit_key: SecretStr = Field(
        SecretStr(""),
        description="Under which the audit trail is chained (R60): who has the database but not the key cannot forge it.",
    )
    roles_file: Path | None = Field(
        None, description="A TOML file that changes or adds roles (R3-R10); `pmp roles` prints the table in force."
    )
    sealing_keys: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Key id → base64 private key that opens sealed passwords; the first seals. `pmp keys new` makes one.",
    )
    json_bytes_max: int = Field(1024 * 1024, ge=1024, le=120 * 1024 * 1024, description="Largest JSON body.")
    file_bytes_max: int = Field(
        15 * 1024 * 1024,
        ge=1024,
        le=120 * 1024 * 1024,
        description="Largest file body on the wire; RabbitMQ takes 16 MiB from 4.0.",
    )
    prefetch: int = Field(500, ge=1, le=2000, description="Messages held unacknowledged per queue; files: 16.")
    handler_seconds: float = Field(
        300.0,
        gt=1,
        le=86_400,
        description="How long one batch may take before the process ends and starts over; RabbitMQ gives 30 minutes.",
    )
    store_patience_seconds: float = Field(
        60.0, ge=0, le=86_400, description="How long a starting process waits for a store that is locked or away."
    )
    drain_seconds: float = Field(
        25.0, gt=0, le=3600, description="How long a stopping process finishes what it has taken."
    )
    lease_seconds: float = Field(
        120.0, gt=1, le=3600, description="How long a relay holds what it sends before another may take it."
    )
    operator: str = Field(
        default_factory=lambda: os.environ.get("USER") or "operator",
        min_length=1,
        description="Who is written down for acts on dead letters.",
    )
    programme: Policy = Field(
        default_factory=Policy, description="The rules' numbers: PMP_PROGRAMME__PASSWORD_DAYS and so on."
    )

    @field_validator("amqp_url", "management_url")
    @classmethod
    def _is_address(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        schemes = ("amqp", "amqps") if info.field_name == "amqp_url" else ("http", "https")
        parts = urlsplit(url.get_secret_value())
        if url and (parts.scheme not in schemes or not parts.hostname):
            raise ValueError(f"must be an address that begins with {schemes[0]}:// or {schemes[1]}://")
        _refuse_wrong_port(parts)
        return url

    @field_validator("store")
    @classmethod
    def _is_store(cls, store: SecretStr) -> SecretStr:
        where = store.get_secret_value()
        if not where:
            raise ValueError("must name a SQLite file or a PostgreSQL database")
        if is_postgres(where):
            _refuse_wrong_port(urlsplit(where))
        elif "://" in where:
            raise ValueError("must be a SQLite file's path, or an address that begins with postgresql://")
        return store

    @field_validator("sealing_keys")
    @classmethod
    def _are_keys(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for key_id, key in keys.items():
            if not re.fullmatch("[A-Za-z0-9_-]{1,64}", key_id):
                raise ValueError("a key's id is of letters, digits, - and _")
            try:
                size = len(base64.b64decode(key.get_secret_value(), validate=True))
            except binascii.Error:
                size = 0
            if size != 32:
                raise ValueError("each key is 32 bytes in base64")
        return keys

    @field_validator("programme")
    @classmethod
    def _is_somewhere(cls, programme: Policy) -> Policy:
        try:
            programme.zone  # noqa: B018 - the look is the check
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("time_zone is no time zone's name, like America/New_York") from None
        try:
            programme.holidays  # noqa: B018 - the look is the check
        except NotImplementedError:
            raise ValueError("state is no state's two letters, like CT") from None
        return programme

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - ours takes its place
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library passes it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library passes it
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables first, then the file."""
        return init_settings, Variables(settings_cls), TomlConfigSettingsSource(settings_cls, settings_file())

    @property
    def machine(self) -> str:
        """Who this process is, in leases and runs."""
        return f"{socket.gethostname()}:{os.getpid()}"

    def audit_key_bytes(self) -> bytes:
        """The audit trail's key as the chain takes it: BLAKE2b has room for 64 bytes."""
        return self.audit_key.get_secret_value().encode()[:64]

    def private_keys(self) -> dict[str, bytes]:
        """The sealing keys' bytes."""
        return {key_id: base64.b64decode(key.get_secret_value()) for key_id, key in self.sealing_keys.items()}


def _refuse_wrong_port(parts: SplitResult) -> None:
    # PostgreSQL's addresses may name several hosts, which the standard library does not read.
    ports = [port for host in parts.netloc.rpartition("@")[2].split(",") if (port := _port_of(host))]
    if not all(port.isascii() and port.isdigit() and 0 < int(port) <= 65535 for port in ports):
        raise ValueError("the port must be a number from 1 to 65535")


def _port_of(host: str) -> str:
    return host.rpartition("]")[2].partition(":")[2]  # the colons of an IPv6 address stand in brackets


def load_settings(**given: Any) -> Settings:
    """Read the settings.

    Raises:
        Misconfigured: names every setting at fault, never its value.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = [_sentence(fault) for fault in error.errors(include_input=False, include_url=False)]
        raise Misconfigured("These settings are wrong:\n  " + "\n  ".join(faults)) from None
    except ValueError as error:
        raise Misconfigured(f"The settings cannot be read: {type(error).__name__}.") from None


def _sentence(fault: ErrorDetails) -> str:
    name = "PMP_" + "__".join(str(part) for part in fault["loc"]).upper()
    match fault["type"]:
        case "extra_forbidden":
            return f"{name}: is no setting"
        case "tuple_type" | "list_type" | "frozen_set_type":
            return f'{name}: must be a list; in a variable as JSON, ["one", "two"]'
        case "dict_type" | "model_type":
            return f'{name}: must be a table; in a variable as JSON, {{"name": "value"}}'
        case _:
            return f"{name}: {fault['msg'].removeprefix('Value error, ').replace('Input should', 'must')}"


@dataclass(frozen=True, slots=True)
class Described:
    """One setting for people: a secret's value is only told to be set."""

    name: str
    value: str
    source: Origin
    meaning: str


def described(settings: Settings) -> Sequence[Described]:
    """Return every setting in words."""
    file = read_file(settings_file())
    rows = []
    for name, info in Settings.model_fields.items():
        if name != "programme":
            shown = _shown(name, getattr(settings, name))
            rows.append(Described(f"PMP_{name.upper()}", shown, origin((name,), file), info.description or ""))
    for name, info in Policy.model_fields.items():
        variable, shown = f"PMP_PROGRAMME__{name.upper()}", _shown(name, getattr(settings.programme, name))
        rows.append(Described(variable, shown, origin(("programme", name), file), info.description or ""))
    return rows


def _shown(name: str, value: object) -> str:
    """Return the value as it is written into a variable: lists and tables as JSON, all else as it is."""
    if name in _SECRETS:
        return _hidden(name, value.get_secret_value() if isinstance(value, SecretStr) else value)
    plain = to_jsonable_python(sorted(value) if isinstance(value, frozenset) else value)
    if plain is None or isinstance(plain, str):
        return plain or ""
    return json.dumps(plain, ensure_ascii=False)


def _hidden(name: str, secret: object) -> str:
    """Tell of a secret what is none: where an address leads, which keys there are, that something is set."""
    if not secret:
        return "not set"
    if isinstance(secret, dict):
        return f"set, not shown: {', '.join(secret)}"
    return masked(str(secret)) if name in _URLS else "set, not shown"


def masked(url: str) -> str:
    """Return the address without a password, neither beside the user nor in the query."""
    parts = urlsplit(url)
    if parts.query:
        parts = parts._replace(query="***")
    if parts.password is not None:
        user, _, host = parts.netloc.rpartition("@")
        parts = parts._replace(netloc=f"{user.partition(':')[0]}:***@{host}")
    return urlunsplit(parts)
