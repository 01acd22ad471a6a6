"""The model's own thresholds, beside supplies that anybody can count (R29)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from workers.simulation.model.alerts import Alerts, Crossing
from workers.simulation.model.book import Book
from workers.simulation.model.patients import Patients
from workers.simulation.said import Line

OXYCODONE, TRAMADOL, BENZODIAZEPINE = "00406051201", "00093005801", "00228207810"
AT = datetime(2025, 11, 20, 17, 0, tzinfo=UTC)


def _line(day: int, ndc: str, *, days: int = 10, by: str = "one", dispenser: str = "D") -> Line:
    return Line(dispenser, f"RXQ{day}{ndc}", "VELM", by, date(2025, 11, day), date(2025, 11, day), days, ndc)


def _noticed(lines: Sequence[Line]) -> set[Crossing]:
    alerts = Alerts(Book(), Patients(Book()))
    alerts.notice(AT, lines)
    return set(alerts.noticed_on)


def test_r29_both_on_one_day_concern_both_prescribers() -> None:
    """The last day of the one is the first of the other; a day later they do not meet."""
    assert _noticed([_line(1, OXYCODONE), _line(10, BENZODIAZEPINE, by="two")]) == {
        ("VELM", "opioid_with_benzodiazepine", date(2025, 11, 10), who) for who in ("one", "two")
    }
    assert _noticed([_line(1, OXYCODONE), _line(11, BENZODIAZEPINE, by="two")]) == set()


def test_r29_ninety_a_day_are_much() -> None:
    """Tramadol: 30 of 50 mg in 3 days are 100 a day; oxycodone: 30 of 5 mg in 3 days are 75."""
    assert _noticed([_line(1, TRAMADOL, days=3)]) == {("VELM", "daily_mme", date(2025, 11, 1), "one")}
    assert _noticed([_line(1, OXYCODONE, days=3)]) == set()


def test_r29_six_prescribers_at_seven_dispensers_are_many() -> None:
    """On the day of the last of them, and not anew while it lasts."""
    lines = [_line(day, OXYCODONE, by=f"{min(day, 6)}", dispenser=f"{day}") for day in range(1, 9)]
    found = {(day, who) for _, rule, day, who in _noticed(lines) if rule == "prescribers_and_dispensers"}

    assert found == {(date(2025, 11, 7), f"{number}") for number in range(1, 7)}


def test_what_is_said_again_is_news_again() -> None:
    """A record that is voided takes its crossing with it; the day of noticing is that of its coming back."""
    alerts, line = Alerts(Book(), Patients(Book())), _line(1, TRAMADOL, days=3)
    alerts.notice(AT, [line])
    alerts.notice(AT.replace(day=21), [line])
    assert list(alerts.noticed_on.values()) == [date(2025, 11, 20)]
    alerts.notice(AT.replace(day=22), [])
    alerts.notice(AT.replace(day=23), [line])

    assert list(alerts.noticed_on.values()) == [date(2025, 11, 23)]
