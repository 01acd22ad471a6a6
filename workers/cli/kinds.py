"""Every kind of message for who writes a portal in any language: its properties, its JSON Schema, a sample."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from workers.cli.app import WrongUse
from workers.cli.opened import AsJson
from workers.cli.presenting import hint, print_json, print_table, say

if TYPE_CHECKING:
    from messages.message import Message

app = App(name="kinds", help="List the kinds of messages; show what one must hold.")

KindName = Annotated[str, Parameter(help="Such as ticket.opened; `pmp kinds list` has them all.")]
_SAMPLES = Path(__file__).resolve().parents[2] / "tests" / "samples"
_ASAP_SAMPLE = Path("asap") / "accepted.clean.version-5.0.dat"


@app.command(name="list")
def list_(*, json: AsJson = False) -> None:
    """List every kind, what it says, and the field that names what must have come before."""
    from messages.registry import kinds

    models = kinds()
    if json:
        print_json([_told(model) for model in models.values()])
        return
    rows = [(kind, model.builds_on or "–", _says(model)) for kind, model in models.items()]
    print_table("Kinds", ["kind", "builds on", "what it says"], rows)
    say("→ `pmp kinds show KIND` shows its properties, its JSON Schema and a sample")


@app.command
def show(kind: KindName, /, *, json: AsJson = False) -> None:
    """Show how a kind is published: the AMQP properties, the body as JSON Schema, a sample. Needs no broker and no store."""
    model = model_of(kind)
    schema, sample = schema_of(model), _sample(model)
    if json:
        print_json(_told(model) | {"properties": properties_of(model), "schema": schema, "sample": sample})
        return
    say(f"{kind}: {_says(model)}")
    print_table(
        "Published with",
        ["property", "required", "value"],
        [(one["name"], "yes" if one["required"] else "no", one["value"]) for one in properties_of(model)],
    )
    say(
        "Body: "
        + (
            jsonlib.dumps(schema, indent=2)
            if schema
            else "an ASAP file, its bytes as they are; `pmp check` checks one."
        )
    )
    if sample is None:
        hint("Samples are in tests/samples of a checkout, not in an installed package.")
    else:
        say(f"Sample: {sample if isinstance(sample, str) else jsonlib.dumps(sample, indent=2)}")


def model_of(kind: str) -> type[Message]:
    """Return the kind's model.

    Raises:
        WrongUse: there is no such kind; those like it are named.
    """
    from messages.registry import kinds

    model = kinds().get(kind)
    if model is None:
        near = get_close_matches(kind, kinds()) or [
            one for one in kinds() if one.startswith(f"{kind.partition('.')[0]}.")
        ]
        there = f"did you mean {' or '.join(near)}" if near else "`pmp kinds list` has them all"
        raise WrongUse(f"No kind of that name is spoken here; {there}.")
    return model


def properties_of(model: type[Message]) -> list[dict[str, object]]:
    """Return what is given to RabbitMQ beside the body, in AMQP's own names."""
    from messages.envelope import ASAP
    from workers.topology.plan import INBOUND

    is_file = model.content_type == ASAP
    rows = [
        ("exchange", True, INBOUND),
        ("routing key", True, model.kind),
        ("mandatory", True, "true: RabbitMQ returns what no queue takes"),
        ("delivery_mode", True, "2 (persistent)"),
        ("message_id", True, "yours, at most 255 bytes; the same again is the same message"),
        ("type", True, model.kind),
        ("content_type", True, model.content_type),
        ("user_id", True, "your broker user, who may send this kind (PMP_PUBLISHERS)"),
        ("content_encoding", False, "gzip, when the body is"),
        ("reply_to", False, "the queue for the answer; its correlation_id is your message_id"),
        *([("header file_name", False, "the file's name, for reports")] if is_file else []),
    ]
    return [{"name": name, "required": required, "value": value} for name, required, value in rows]


def schema_of(model: type[Message]) -> Mapping[str, object] | None:
    """Return the JSON Schema of a kind's body, under the kind's name; None where the body is no JSON."""
    from messages.envelope import JSON

    if model.content_type != JSON:
        return None
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect} | model.model_json_schema() | {"title": model.kind}


def _told(model: type[Message]) -> dict[str, object]:
    return {
        "kind": model.kind,
        "family": model.family,
        "content_type": model.content_type,
        "builds_on": model.builds_on or None,
        "says": _says(model),
    }


def _says(model: type[Message]) -> str:
    return " ".join((model.__doc__ or "").split("\n\n")[0].replace("``", "`").split())


def _sample(model: type[Message]) -> object:
    """Return a valid body, as JSON or an ASAP file's text; None where this is no checkout."""
    from messages.envelope import JSON

    file = _SAMPLES / (f"{model.kind}.json" if model.content_type == JSON else _ASAP_SAMPLE)
    if not file.is_file():
        return None
    text = file.read_text("utf-8")
    return jsonlib.loads(text) if model.content_type == JSON else text
