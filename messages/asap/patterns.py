"""What a faultless segment looks like, as one pattern built from the table.

A pattern is only ever too strict: what it matches has no fault that a single field can have, and what it
does not match is looked at field by field (``fields.FieldChecks``). One match costs a tenth of that look.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from messages.asap.table import Field, table

# Fields with a check of their own that a pattern can carry; what else their check asks is in records.py.
_OWN: Mapping[str, str] = MappingProxyType(
    {
        "DSP04": "[0-9]{1,2}+",  # R08
        "DSP06": "[0-9]{1,2}+",  # R08
        "DSP10": "[0-9]{1,3}+",  # R12
        "DSP13": "[0-9]{0,2}+",  # R13, R48
        "PAT15": "[A-Z]{2}",  # R25
        "PAT16": "[0-9]{5}(?:[0-9]{4})?+",  # R25
    }
)


@lru_cache(maxsize=64)
def clean(version: str, segment: str, separator: str) -> re.Pattern[str]:
    """Give the pattern that only a segment without a fault in any single field matches."""
    sep = re.escape(separator)
    fields = (_pattern(field, sep) for field in table(version)[segment])
    return re.compile(sep.join([segment, *fields]) + f"{sep}?+")


@lru_cache(maxsize=64)
def clean_values(version: str, names: tuple[str, ...], separator: str) -> re.Pattern[str]:
    """Give the pattern that only faultless values of the fields of these names match, joined by the separator."""
    sep = re.escape(separator)
    fields = {field.name: field for fields in table(version).values() for field in fields}
    return re.compile(sep.join(_pattern(fields[name], sep) for name in names))


def _pattern(field: Field, sep: str) -> str:
    if field.name in _OWN:
        return _OWN[field.name]
    if field.codes:
        codes = "|".join(sorted(field.codes))
        return f"(?:{codes})" if field.required else f"(?:{codes})?+"
    if field.type == "DT":
        return "[0-9]{8}" if field.required else "(?:[0-9]{8})?+"
    if field.type == "TM":
        return "(?:(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]Z)?+"
    character = rf"[^{sep}\x00-\x1f\x7f]"  # a prescription number has no control character (R02)
    if field.required:  # a value of blanks is no value (R14)
        return rf"(?!\s){character}{{1,{field.max_length}}}+"
    return f"{character}{{0,{field.max_length}}}+"
