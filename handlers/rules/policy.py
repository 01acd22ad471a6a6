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
    verification_hours: int = Field(
        48, ge=1, le=720, description="R13: how long a link that verifies an address works."
    )
    verification_pause_minutes: int = Field(
        2, ge=0, le=1440, description="R13: how soon after one link another may be requested."
    )
    registration_reminder_days: tuple[Days, ...] = Field(
        (7, 14), description="R12: after how many days of waiting an applicant is reminded of what is missing."
    )
    registration_expiry_days: Days = Field(
        30, description="R12: after how many days of waiting on the applicant a registration expires."
    )
    registration_late_days: Days = Field(14, description="R11: waiting on an administrator longer than this is late.")
    registration_overdue_days: Days = Field(21, description="R11: waiting on one longer than this is overdue.")
    roster_days: Days = Field(180, description="R23: how often a supervisor confirms the list of delegates.")
    roster_reminder_days: int = Field(
        30, ge=1, le=366, description="R23: how often a supervisor is reminded until the list is confirmed."
    )
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

    @property
    def zone(self) -> ZoneInfo:
        """The programme's time zone."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def holidays(self) -> holidays.HolidayBase:
        """The state's holidays, each year's made when it is first asked for."""
        return holidays.country_holidays("US", subdiv=self.state)

    def day_begins(self, day: date) -> datetime:
        """Return the moment at which a calendar day begins in the programme's time zone."""
        return datetime.combine(day, time.min, tzinfo=self.zone)

    def local_date(self, moment: datetime) -> date:
        """Return the calendar day of a moment in the programme's time zone, whatever the machine's zone is."""
        return moment.astimezone(self.zone).date()
