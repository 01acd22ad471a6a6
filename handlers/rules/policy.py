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
    check_severities: dict[str, Literal["file", "error", "warning", "off"]] = Field(
        default_factory=dict,
        description='Severities of file and record checks by id, e.g. {"F10": "file"}: file, error, warning or off.',
    )

    short_supply_hours: int = Field(
        48, ge=0, description="R43, R44: a supply of at most this many hours is exempt or not reportable."
    )
    veterinarian_report_days: Days = Field(
        7, ge=1, description="R41: a veterinarian reports this many days after the last report at the latest."
    )
    overdue_notice_days: tuple[int, ...] = Field(
        (1, 3, 5),
        min_length=1,
        description="R42: business days on which an overdue dispenser is e-mailed; afterwards it is listed to administrators.",
    )
    error_reminder_days: Days = Field(7, description="R47: how long records in error are reminded of daily.")
    unregistered_submitter: Literal["accept", "warn", "refuse"] = Field(
        "refuse",
        description="R61: what is done about records of a dispenser that is registered for other broker users.",
    )
    unknown_dispenser_holds: bool = Field(
        False, description="R21 of the checks: whether records of an unknown dispenser wait until it is registered."
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
