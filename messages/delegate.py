"""Delegate: who may act for whom, once both have an account (R7, R23)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from messages.message import Email, Message, Prose


class DelegateLinked(Message):
    """A delegate asks a supervisor for a link, or a supervisor adds a delegate by address, which approves it (R23)."""

    delegate: Email
    supervisor: Email
    by: Literal["delegate", "supervisor"]


class DelegateDecided(Message):
    """A supervisor approved or refused a link that a delegate asked for (R7, R23)."""

    delegate: Email
    supervisor: Email
    decision: Literal["approve", "refuse"]
    reason: Prose | None = None


class DelegateUnlinked(Message):
    """A link ends at once, by whichever side (R23)."""

    delegate: Email
    supervisor: Email
    by: Literal["delegate", "supervisor"]
    reason: Prose | None = None


class DelegateConfirmed(Message):
    """A supervisor looked through the list of delegates; ``delegates`` is the whole list as it was confirmed (R23)."""

    supervisor: Email
    delegates: Annotated[tuple[Email, ...], Field(max_length=500)]
