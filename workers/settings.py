"""Every setting, read once from ``PMP_…`` and an optional file, all problems told at once."""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from handlers.rules.policy import Policy
from messages.errors import Misconfigured

_SECRETS = ("amqp_url", "management_url", "store", "smtp_password", "sealing_keys")


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
    smtp_username: str = Field("", description="Login at the mail server; empty: none.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Its password.")
    smtp_connections: int = Field(6, ge=1, le=32, description="Connections kept open to the mail server.")
    template_folder: Path | None = Field(None, description="A folder of templates that replace the built-in ones.")
    mail_from: str = Field("no-reply@pmp.example.org", description="The address e-mails come from.")
    mail_from_name: str = Field("Prescription Monitoring Program", description="The name beside it.")
    programme_name: str = Field("Prescription Monitoring Program", description="The programme's name.")
    programme_short: str = Field("PMP", description="Its short name.")
    contact_name: str = Field("Program office", description="Whom e-mails name as contact (R27).")
    contact_email: str = Field("pmp@example.org", description="The contact's address.")
    contact_phone: str = Field("(555) 010-0100", description="The contact's telephone.")
    portal_url: str = Field("https://pmp.example.org", description="Where links lead; never taken from a message.")
    administrators: tuple[str, ...] = Field(
        ("administrators@example.org",), description="Addresses of the administrators."
    )
    programme_manager: str = Field(
        "", description="Address of the programme manager, who authorises an Admin (R10); empty: the administrators do."
    )
    submitters: dict[str, str] = Field(
        default_factory=dict,
        description="Broker user → address for reports on its files (R47); others: the administrators.",
    )
    roles_file: Path | None = Field(
        None, description="A TOML file that changes or adds roles (R3-R10); `pmp roles` prints the table in force."
    )
    sealing_keys: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Key id → base64 private key that opens sealed passwords; the first seals. `pmp keys` makes one.",
    )
    json_bytes_max: int = Field(1024 * 1024, ge=1024, description="Largest JSON body.")
    file_bytes_max: int = Field(
        15 * 1024 * 1024,
        ge=1024,
        le=120 * 1024 * 1024,
        description="Largest file body on the wire; RabbitMQ takes 16 MiB from 4.0.",
    )
    prefetch: int = Field(500, ge=1, le=2000, description="Messages held unacknowledged per queue; files: 4.")
    handler_seconds: float = Field(
        300.0,
        gt=1,
        description="How long one batch may take before the process ends and starts over; RabbitMQ gives 30 minutes.",
    )
    drain_seconds: float = Field(25.0, gt=0, description="How long a stopping process finishes what it has taken.")
    lease_seconds: float = Field(
        120.0, gt=1, description="How long a relay holds what it sends before another may take it."
    )
    operator: str = Field(
        default_factory=lambda: os.environ.get("USER", "operator"),
        description="Who is written down for acts on dead letters.",
    )
    programme: Policy = Field(
        default_factory=Policy, description="The rules' numbers: PMP_PROGRAMME__PASSWORD_DAYS and so on."
    )

    @field_validator("sealing_keys")
    @classmethod
    def _are_keys(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for key in keys.values():
            if len(base64.b64decode(key.get_secret_value(), validate=True)) != 32:
                raise ValueError("each key is 32 bytes in base64")
        return keys

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library passes it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library passes it
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables first, then the file."""
        file = os.environ.get("PMP_SETTINGS_FILE", "pmp.toml")
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)

    @property
    def machine(self) -> str:
        """Who this process is, in leases and runs."""
        return f"{socket.gethostname()}:{os.getpid()}"

    def private_keys(self) -> dict[str, bytes]:
        """The sealing keys' bytes."""
        return {key_id: base64.b64decode(key.get_secret_value()) for key_id, key in self.sealing_keys.items()}


def load_settings(**given: Any) -> Settings:
    """Read the settings.

    Raises:
        Misconfigured: names every setting at fault, never its value.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = [
            f"PMP_{'__'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise Misconfigured("These settings are wrong: " + "; ".join(faults)) from None
    except ValueError as error:
        raise Misconfigured(f"The settings cannot be read: {type(error).__name__}.") from None


def described(settings: Settings) -> Sequence[tuple[str, str, str]]:
    """Return (variable, value or mask, meaning) of every setting."""
    rows = []
    for name, info in Settings.model_fields.items():
        if name == "programme":
            continue
        value = getattr(settings, name)
        shown = ("set, not shown" if _revealed(value) else "not set") if name in _SECRETS else str(value)
        rows.append((f"PMP_{name.upper()}", shown, info.description or ""))
    for name, info in Policy.model_fields.items():
        rows.append((f"PMP_PROGRAMME__{name.upper()}", str(getattr(settings.programme, name)), info.description or ""))
    return rows


def _revealed(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
