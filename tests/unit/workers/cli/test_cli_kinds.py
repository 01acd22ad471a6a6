"""What a portal in any language must know of a kind: its properties, the schema of its body, a sample."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from messages.codec import Limits, decode
from messages.envelope import JSON, Envelope
from messages.registry import kinds
from tests.unit.workers.cli.filled_store import Pmp
from workers.cli.kinds import model_of, schema_of


def test_every_kind_is_listed(pmp: Pmp) -> None:
    """With what it says, in words; needs no store, no broker and no settings."""
    listed = json.loads(pmp("kinds", "list", "--json")[1])
    assert [one["kind"] for one in listed] == list(kinds())
    assert all(one["says"] and not one["says"].startswith("A value that a sender says") for one in listed)
    assert "ticket.opened" in pmp("kinds", "list")[1]


@pytest.mark.parametrize("kind", kinds())
def test_a_message_made_of_what_is_shown_is_taken(pmp: Pmp, kind: str) -> None:
    """The sample fits the properties, and the schema names each of its fields."""
    code, out, _ = pmp("kinds", "show", kind, "--json")
    shown = json.loads(out)
    properties = {one["name"]: one["value"] for one in shown["properties"] if one["required"]}
    body = shown["sample"].encode() if isinstance(shown["sample"], str) else json.dumps(shown["sample"]).encode()
    envelope = Envelope(
        message_id="m1", kind=properties["type"], sender="portal", body=body, content_type=properties["content_type"]
    )
    assert (code, type(decode(envelope, Limits()))) == (0, model_of(kind))
    assert (shown["schema"] is None) == (properties["content_type"] != JSON)
    if shown["schema"]:
        assert (
            set(shown["schema"].get("required", ())) <= shown["sample"].keys() <= shown["schema"]["properties"].keys()
        )


def test_for_people_the_schema_can_be_copied(pmp: Pmp) -> None:
    """It stands whole between what comes before and behind it."""
    code, out, err = pmp("kinds", "show", "ticket.opened")
    written = out.partition("Body: ")[2].partition("Sample: ")[0]
    assert (code, err, json.loads(written)) == (0, "", schema_of(model_of("ticket.opened")))
    assert "user_id" in out


def test_an_installed_package_has_no_samples(pmp: Pmp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All else is shown, and where they are."""
    monkeypatch.setattr("workers.cli.kinds._SAMPLES", tmp_path)
    code, out, err = pmp("kinds", "show", "ticket.opened")
    assert (code, "Sample:" in out, "checkout" in err) == (0, False, True)
    assert json.loads(pmp("kinds", "show", "ticket.opened", "--json")[1])["sample"] is None


def test_a_kind_that_is_none_is_2(pmp: Pmp) -> None:
    """With those like it."""
    code, _, err = pmp("kinds", "show", "ticket.open")
    assert (code, "did you mean ticket.opened" in err) == (2, True)
