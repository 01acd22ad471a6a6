"""pmp alerts: what users posted about patients, listed without the patient, and read with a reason (R28, R60)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store import alerts
from store.contract import Transaction
from tests.unit.workers.cli.filled_store import Pmp, in_store, rows

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
KEY, TEXT = "a" * 32, "Seen to sell."


@pytest.fixture
def alerted(place: Path) -> Path:
    """A store with one alert that stands and one that was withdrawn."""

    async def unit(tx: Transaction) -> None:
        for name in ("ALERT-1", "ALERT-2"):
            await alerts.post(
                tx, name, patient_key=KEY, part="", author_id="DR-1", concern="diversion", text=TEXT, now=NOW, seq=1
            )
        await alerts.withdraw(tx, "ALERT-2", by="DR-1", now=NOW)

    in_store(place, unit)
    return place


def test_alerts_are_listed_by_state(alerted: Path, pmp: Pmp) -> None:
    """Author, concern and state; neither patient nor text."""
    for state, names in (("posted", ["ALERT-1"]), ("withdrawn", ["ALERT-2"]), ("any", ["ALERT-2", "ALERT-1"])):
        code, out, _ = pmp("alerts", "list", "--state", state, "--json")
        assert (code, [one["alert_id"] for one in json.loads(out)]) == (0, names)
    for form in ([], ["--json"]):
        code, out, _ = pmp("alerts", "list", *form)
        assert (code, "DR-1" in out, KEY in out, TEXT in out) == (0, True, False, False)


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_alert_is_read_with_a_reason_that_is_kept(alerted: Path, pmp: Pmp, form: list[str]) -> None:
    """Patient and text are shown once the trail says who saw them and why; without a reason nothing is."""
    assert pmp("alerts", "show", "ALERT-1", "--why", " ", *form)[:2] == (2, "")
    assert pmp("alerts", "show", "ALERT-9", "--why", "a call", *form)[:2] == (1, "")
    assert rows(alerted, "SELECT count(*) FROM operator_acts") == [(0,)]
    code, out, _ = pmp("alerts", "show", "ALERT-1", "--why", "a call", *form)
    assert (code, "DR-1" in out, KEY in out, TEXT in out) == (0, True, True, True)
    acts = [("alert revealed", "alert ALERT-1", "grace", "a call")]
    assert rows(alerted, "SELECT act, object, operator, why FROM operator_acts") == acts
    assert rows(alerted, "SELECT actor, act, record FROM audit") == [
        ("operator:grace", "alert revealed", "alert ALERT-1")
    ]
