"""Where settings come from: the environment, the file, the default; and what in either is no setting at all."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from messages.errors import Misconfigured

Origin = Literal["environment", "file", "default"]

PREFIX = "PMP_"
DEFAULT_FILE = "pmp.toml"
OF_OTHERS = frozenset({"PMP_SETTINGS_FILE", "PMP_TEST_POSTGRES_URL", "PMP_PRIVATE_RABBITMQ"})
"""Variables that are read elsewhere: by this module, the tests and deploy/private-rabbitmq."""


class Variables(EnvSettingsSource):
    """The environment. What should be JSON and is not goes on as it is, so that its field is named with all the others."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """Decode JSON, or leave it to the field's own check."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


def settings_file() -> Path:
    """Return the file of settings; it need not exist unless it was named.

    Raises:
        Misconfigured: the one that PMP_SETTINGS_FILE names does not exist, or is not TOML.
    """
    named = os.environ.get("PMP_SETTINGS_FILE")
    file = Path(named or DEFAULT_FILE)
    if named and not file.is_file():
        raise Misconfigured("PMP_SETTINGS_FILE names a file that does not exist.")
    read_file(file)
    return file


def read_file(file: Path) -> Mapping[str, Any]:
    """Return what the file says; nothing when it does not exist.

    Raises:
        Misconfigured: it cannot be read or is not TOML; says where.
    """
    try:
        return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"The settings file {file} cannot be read: {type(error).__name__}.") from None
    except tomllib.TOMLDecodeError as error:
        where = str(error).rpartition("(")[2].rstrip(")")  # the rest of the sentence may repeat a value
        raise Misconfigured(f"The settings file {file} is not TOML: {where}.") from None


def origin(path: tuple[str, ...], file: Mapping[str, Any]) -> Origin:
    """Return where the setting at this path comes from, e.g. ``("programme", "password_days")``."""
    variables = {name.upper() for name in os.environ}
    prefixes = [PREFIX + "__".join(path[:length]).upper() for length in range(1, len(path) + 1)]
    whole = prefixes[-1]
    if whole in variables or any(name.startswith(f"{whole}__") for name in variables):
        return "environment"
    if len(path) > 1 and prefixes[0] in variables:  # a whole table as JSON in one variable
        return "environment"
    found: object = file
    for part in path:
        if not isinstance(found, Mapping) or part not in found:
            return "default"
        found = found[part]
    return "file"


def strange(known: Iterable[str]) -> list[str]:
    """Say which variables look like settings and are none: mistyped, they would change nothing, silently."""
    names = set(known) | OF_OTHERS
    sentences = []
    for variable in sorted(name for name in os.environ if name.upper().startswith(PREFIX)):
        upper = variable.upper()
        if upper in names or any(upper.startswith(f"{name}__") for name in names):
            continue
        alike = difflib.get_close_matches(upper, names, n=1)
        sentences.append(f"{variable} is no setting" + (f"; {alike[0]} is." if alike else "."))
    return sentences
