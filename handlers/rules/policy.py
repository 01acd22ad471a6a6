"""Every number of the rules, with the manual's value as its default; a site changes them by setting, never in code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import holidays
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from handlers.rules.targets import ResolutionTargets, ResponseTargets
from messages.asap.severities import Setting, severity_faults
from messages.asap.table import VERSIONS
from messages.identifiers import NDC_DIGITS

Days = Annotated[int, Field(ge=0, le=3660)]
Length = Annotated[int, Field(ge=1, le=3660)]
"""Days of something that lasts. A bound of its own: one beside ``Days`` would not count, the type's does."""
Positive = Annotated[int, Field(ge=1, le=1_000_000)]
"""A count, or a length in any unit up to hours: however far it reaches, the moment at its end can be written."""


class Policy(BaseModel):
    """The programme's numbers. Days are calendar days in the programme's time zone."""

    model_config = ConfigDict(frozen=True)

    time_zone: str = Field("America/New_York", description="The programme's time zone: what a calendar day is.")
    password_days: Length = Field(90, description="R32: days from setting a password to its expiration date.")
    password_warning_days: Days = Field(9, description="R33: daily warnings on each of this many days before expiry.")
    password_length_min: int = Field(8, ge=1, le=128, description="R30: characters a password has at least.")
    login_failures_max: int = Field(4, ge=1, le=100, description="R37: failed logins that lock an address.")
    login_window_minutes: Positive = Field(60, description="R37: failures longer ago than this are forgotten.")
    lock_minutes: Positive = Field(10, description="R37: how long an address stays locked.")
    reset_minutes: Positive = Field(20, description="R36: how long a link to choose a new password works.")
    resets_per_hour: Positive = Field(3, description="R36: how often an address may ask for one within an hour.")
    address_change_hours: Positive = Field(24, description="R22: how long the link to a new address works.")
    credential_warning_days: tuple[Days, ...] = Field(
        (30, 14, 7, 1), description="R21: how many days before a credential lapses its holder is warned."
    )
    invite_unregistered: bool = Field(
        default=False, description="R5: whether CSP holders without an account are reminded by e-mail."
    )
    invitation_days: Length = Field(30, description="R5: days between two such reminders, at least.")
    verification_hours: int = Field(
        48, ge=1, le=720, description="R13: how long a link that verifies an address works."
    )
    verification_pause_minutes: int = Field(
        2, ge=0, le=1440, description="R13: how soon after one link another may be requested."
    )
    registration_reminder_days: tuple[Days, ...] = Field(
        (7, 14), description="R12: after how many days of waiting an applicant is reminded of what is missing."
    )
    registration_expiry_days: Length = Field(
        30, description="R12: after how many days of waiting on the applicant a registration expires."
    )
    registration_late_days: Days = Field(14, description="R11: waiting on an administrator longer than this is late.")
    registration_overdue_days: Days = Field(21, description="R11: waiting on one longer than this is overdue.")
    roster_days: Length = Field(180, description="R23: how often a supervisor confirms the list of delegates.")
    roster_reminder_days: int = Field(
        30, ge=1, le=366, description="R23: how often a supervisor is reminded until the list is confirmed."
    )
    defer_seconds: Positive = Field(
        60,
        description="How long a message first waits for what it builds on; each further wait is twice as long.",
    )
    defer_days: Days = Field(
        7, description="How long a message waits for what it builds on before it is a dead letter."
    )
    retry_seconds: int = Field(
        5, ge=1, le=3600, description="How long a failed message first waits; each further wait is 4 times as long."
    )
    retry_attempts_max: int = Field(
        5, ge=1, le=10, description="Attempts of a message that fails before it is a dead letter."
    )
    state: str = Field("CT", description="R40, R72: whose state holidays are no business days.")
    closing_days: frozenset[date] = Field(frozenset(), description="Further days on which the programme is closed.")
    help_desk_opens: time = Field(time(8), description="R72: when the help desk opens, in the programme's time zone.")
    help_desk_closes: time = Field(time(17), description="R72: when it closes.")
    ticket_response: ResponseTargets = Field(
        default_factory=ResponseTargets,
        description="R71: until when a ticket is answered, e.g. TICKET_RESPONSE__HIGH=3 hours; critical: around the clock.",
    )
    ticket_resolution: ResolutionTargets = Field(
        default_factory=ResolutionTargets, description="R71: until when a ticket is resolved."
    )
    ticket_warning_percent: int = Field(
        80, ge=1, le=99, description="R74: how much of a target's time is over when administrators are warned."
    )
    ticket_reopen_days: Days = Field(14, description="R75: until how many days after its end a ticket is reopened.")
    authorisation_failures_max: Positive = Field(
        5,
        description="R25, R61: messages of one sender in a day that it may not send, which raise a case of conduct.",
    )
    mails_per_recipient_hour: Positive = Field(
        30,
        description="E-mails one recipient gets within an hour; more are delayed, except urgent ones.",
    )
    transient_bounces_max: int = Field(
        5,
        ge=2,
        description="How many transient bounces within transient_bounce_days mark an address like a permanent one.",
    )
    transient_bounce_days: Days = Field(30, description="Within how many days transient bounces add up.")
    inbox_days: int = Field(
        400,
        ge=90,
        le=36_600,
        description="How long the inbox knows a message again; later only who sent it and when is kept (R50).",
    )
    outbox_days: int = Field(
        90, ge=14, le=36_600, description="How long what an e-mail said, and sent events and answers, are kept."
    )
    review_supply_days_max: Days = Field(
        3, description="R51: a larger supply is reviewed before it is prescribed (72 hours)."
    )
    review_window_days: Days = Field(1, description="R51: how many days before the date written a review may be made.")
    review_days: Length = Field(90, description="R52, R55: days from one review of a treatment to the next.")
    review_days_schedule_v: Length = Field(365, description="R53, R55: the same where it is Schedule V only.")
    review_reminder_days: frozenset[Days] = Field(
        frozenset({14, 7, 1, 0}), description="R55: reminders go out so many days before a review is due."
    )
    review_overdue_days: Length = Field(7, description="R55: days from one reminder of an overdue review to the next.")
    treatment_gap_days: Days = Field(30, description="R54: days without supply after which a treatment has ended.")
    treatment_prolonged_days: Days = Field(90, description="R54: a treatment that spans more days is prolonged.")
    alert_window_days: Length = Field(90, description="R29: days in which prescribers and dispensers are counted.")
    alert_prescribers: int = Field(
        0, ge=0, description="R29: prescribers in these days that raise an alert; 0: no limit."
    )
    alert_dispensers: int = Field(0, ge=0, description="R29: dispensers likewise; an alert needs every limit reached.")
    alert_opioid_with_benzodiazepine: bool = Field(False, description="R29: alert when supplies of both overlap.")
    alert_daily_mme: int = Field(0, ge=0, description="R29: daily morphine milligram equivalents that alert; 0: off.")
    check_severities: dict[str, Setting] = Field(
        default_factory=dict,
        description='Severities of file and record checks by id, e.g. {"F10": "file"}: file, error, warning or off. '
        "Those without which a file cannot be read or a record not be known again (R02, R03, R08, R11, R18) keep theirs.",
    )
    asap_versions: frozenset[str] = Field(
        frozenset(VERSIONS), min_length=1, description="F02: the ASAP versions that files may come in (R45)."
    )
    ndc_digits: int = Field(
        NDC_DIGITS,
        ge=11,
        le=12,
        description="R09: digits of an NDC; the table of monitored drugs is loaded anew when it changes.",
    )
    faults_listed_max: int = Field(
        100, ge=1, le=1000, description="R47: faults that a report lists; it tells how many there are in all."
    )
    file_segments_max: int = Field(1_000_000, ge=100, description="F15: segments that a file has at most.")
    segment_chars_max: int = Field(
        8_192, ge=1024, le=65_536, description="F15: characters of one segment; a longer one is not terminated."
    )
    file_unpacked_bytes_max: int = Field(
        64 * 1024 * 1024,
        ge=1024,
        le=96 * 1024 * 1024,
        description="F15: bytes of a file when it is unpacked; beyond 96 MiB it is no message.",
    )

    short_supply_hours: int = Field(
        48, ge=0, le=8784, description="R43, R44: a supply of at most this many hours is exempt or not reportable."
    )
    veterinarian_report_days: Length = Field(
        7, description="R41: a veterinarian reports this many days after the last report at the latest."
    )
    overdue_notice_days: tuple[Annotated[int, Field(ge=1, le=366)], ...] = Field(
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

    @field_validator("check_severities", mode="before")
    @classmethod
    def _severities_can_be_set(cls, given: object) -> object:
        """Before each is looked at by itself, so that all that is wrong is told at once."""
        if isinstance(given, Mapping) and (faults := severity_faults(given)):
            raise ValueError("; ".join(faults))
        return given

    @field_validator("asap_versions")
    @classmethod
    def _versions_are_known(cls, given: frozenset[str]) -> frozenset[str]:
        if given - set(VERSIONS):
            raise ValueError(f"must be some of {', '.join(VERSIONS)}")
        return given

    @model_validator(mode="after")
    def _help_desk_has_hours(self) -> Policy:
        if self.help_desk_closes <= self.help_desk_opens:
            raise ValueError("the help desk closes after it opens, on the same day")
        return self

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
