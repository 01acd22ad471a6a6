"""Every number of the rules, with the manual's value as its default; a site changes them by setting, never in code."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import holidays
from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[int, Field(ge=0, le=3660)]


class Policy(BaseModel):
    """The programme's numbers. Days are calendar days in the programme's time zone."""

    model_config = ConfigDict(frozen=True)

    time_zone: str = Field("America/New_York", description="The programme's time zone: what a calendar day is.")
    password_days: Days = Field(90, description="R32: days from setting a password to its expiration date.")
    password_warning_days: Days = Field(9, description="R33: daily warnings on each of this many days before expiry.")
    password_length_min: int = Field(8, ge=1, le=128, description="R30: characters a password has at least.")
    defer_seconds: int = Field(
        60,
        ge=1,
        description="How long a message first waits for what it builds on; each further wait is twice as long.",
    )
    defer_days: Days = Field(
        7, description="How long a message waits for what it builds on before it is a dead letter."
    )
    retry_seconds: int = Field(
        5, ge=1, description="How long a failed message first waits; each further wait is 4 times as long."
    )
    retry_attempts_max: int = Field(5, ge=1, description="Attempts of a message that fails before it is a dead letter.")
    state: str = Field("CT", description="R40, R72: whose state holidays are no business days.")
    closing_days: frozenset[date] = Field(frozenset(), description="Further days on which the programme is closed.")
    help_desk_opens: time = Field(time(8), description="R72: when the help desk opens, in the programme's time zone.")
    help_desk_closes: time = Field(time(17), description="R72: when it closes.")
    review_supply_days_max: Days = Field(
        3, description="R51: a larger supply is reviewed before it is prescribed (72 hours)."
    )
    review_window_days: Days = Field(1, description="R51: how many days before the date written a review may be made.")
    review_days: Days = Field(90, ge=1, description="R52, R55: days from one review of a treatment to the next.")
    review_days_schedule_v: Days = Field(365, ge=1, description="R53, R55: the same where it is Schedule V only.")
    review_reminder_days: frozenset[int] = Field(
        frozenset({14, 7, 1, 0}), description="R55: reminders go out so many days before a review is due."
    )
    review_overdue_days: Days = Field(
        7, ge=1, description="R55: days from one reminder of an overdue review to the next."
    )
    treatment_gap_days: Days = Field(30, description="R54: days without supply after which a treatment has ended.")
    treatment_prolonged_days: Days = Field(90, description="R54: a treatment that spans more days is prolonged.")
    alert_window_days: Days = Field(90, ge=1, description="R29: days in which prescribers and dispensers are counted.")
    alert_prescribers: int = Field(
        0, ge=0, description="R29: prescribers in these days that raise an alert; 0: no limit."
    )
    alert_dispensers: int = Field(0, ge=0, description="R29: dispensers likewise; an alert needs every limit reached.")
    alert_opioid_with_benzodiazepine: bool = Field(False, description="R29: alert when supplies of both overlap.")
    alert_daily_mme: int = Field(0, ge=0, description="R29: daily morphine milligram equivalents that alert; 0: off.")
    check_severities: dict[str, Literal["file", "error", "warning", "off"]] = Field(
        default_factory=dict,
        description='Severities of file and record checks by id, e.g. {"F10": "file"}: file, error, warning or off.',
    )

    @property
    def zone(self) -> ZoneInfo:
        """The programme's time zone."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def holidays(self) -> holidays.HolidayBase:
        """The state's holidays, each year's made when it is first asked for."""
        return holidays.country_holidays("US", subdiv=self.state)

    def local_date(self, moment: datetime) -> date:
        """Return the calendar day of a moment in the programme's time zone, whatever the machine's zone is."""
        return moment.astimezone(self.zone).date()
