"""The list of all notices: each is a folder ``templates/<family>/<notice>/``, and the folders are the list.

A folder holds ``subject.txt``, ``body.txt``, ``body.html`` and ``notice.toml`` (what it is for, whom it is
for, which rule asks for it, which facts it needs, and a sample of them). A list among the facts may be sent along
as a CSV file: ``[attachments]`` names the file, the list, and when: ``always`` it has rows, or ``when_cut``, for it has more
than the e-mail shows.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from messages.errors import Misconfigured
from notifier.facts import SHAPES, Fact
from notifier.tables import ROWS_SHOWN, Table

TEMPLATES = Path(__file__).parent / "templates"

_BEYOND_ROWS = MappingProxyType({"always": 0, "when_cut": ROWS_SHOWN})

AUDIENCES = frozenset({"applicant", "user", "submitter", "requester", "practitioner", "administrators", "agency"})


@dataclass(frozen=True, slots=True)
class Template:
    """What is known of a notice without rendering it.

    Args:
        name: ``<family>.<notice>``, as the outbox names it.
        purpose: when it is sent, one sentence.
        audience: to whom.
        rule: the rule that asks for it (``R14``).
        on_unknown: what to do when a sending's outcome stayed unknown: ``resend`` once with the same
            Message-ID, because a twin is harmless, or ``hold`` it for an operator.
        deadline_days: how long after planning it is still worth sending.
        urgent: no rule about its recipient holds it back (the hourly limit, a mark of a bounce).
        digest: it is a regular list (it carries a List-Id), not an answer to one event.
        facts: what the template must be told.
        tables: lists among the facts that are sent along as CSV files, by file name.
        sample: facts to look at it with; made-up people.

    """

    name: str
    purpose: str
    audience: str
    rule: str
    on_unknown: Literal["resend", "hold"]
    deadline_days: int
    digest: bool
    urgent: bool
    facts: tuple[Fact, ...]
    tables: Mapping[str, Table]
    sample: Mapping[str, object]
    folder: Path


def catalogue(folder: Path = TEMPLATES) -> tuple[Template, ...]:
    """Every notice there is, by name.

    Raises:
        Misconfigured: a ``notice.toml`` cannot be read or says too little; names the notice and the entry.

    """
    return tuple(_read(file) for file in sorted(folder.glob("*/*/notice.toml")))


def _read(file: Path) -> Template:
    name = f"{file.parent.parent.name}.{file.parent.name}"
    try:
        said = tomllib.loads(file.read_text("utf-8"))
        facts = _facts(said.get("facts", {}))
        template = Template(
            name=name,
            purpose=said["purpose"],
            audience=said["audience"],
            rule=said["rule"],
            on_unknown=said["on_unknown"],
            deadline_days=said["deadline_days"],
            digest=said.get("digest", False),
            urgent=said.get("urgent", False),
            facts=facts,
            tables=_tables(said.get("attachments", {}), facts),
            sample=said["sample"],
            folder=file.parent,
        )
    except KeyError as missing:
        raise Misconfigured(f"notice {name}: notice.toml has no entry {missing}") from None
    except (OSError, tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise Misconfigured(f"notice {name}: notice.toml cannot be read: {error}") from error
    if template.audience not in AUDIENCES or template.on_unknown not in ("resend", "hold"):
        raise Misconfigured(f"notice {name}: audience or on_unknown is none of the known words")
    return template


def _facts(declared: Mapping[str, object]) -> tuple[Fact, ...]:
    return tuple(_fact(name, shape) for name, shape in declared.items())


def _tables(said: Mapping[str, Mapping[str, str]], facts: tuple[Fact, ...]) -> Mapping[str, Table]:
    lists = {fact.name: fact for fact in facts if fact.shape == "rows"}
    if unknown := {one["list"] for one in said.values()} - set(lists):
        raise ValueError(f"it attaches {', '.join(sorted(unknown))}, which is no list among its facts")
    return MappingProxyType(
        {file: Table(lists[one["list"]], _BEYOND_ROWS[one["attached"]]) for file, one in said.items()}
    )


def _fact(name: str, shape: object) -> Fact:
    if isinstance(shape, Mapping):
        return Fact(name, "rows", fields=_facts(shape))
    if not isinstance(shape, str) or shape.removesuffix("?") not in SHAPES:
        raise ValueError(f"the fact {name} has no known shape")
    return Fact(name, shape.removesuffix("?"), optional=shape.endswith("?"))
