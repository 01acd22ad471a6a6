"""Approval: those who may decide on a registration have decided (R6, R7)."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from messages.message import Email, Message, Prose, Reference


class ApprovalAdministratorDecided(Message):
    """An administrator decided on a registration: approve, or reject with a reason (R6)."""

    registration_id: Reference
    decision: Literal["approve", "reject"]
    administrator: Email
    reason: Prose | None = None

    @model_validator(mode="after")
    def _rejection_has_a_reason(self) -> ApprovalAdministratorDecided:
        if self.decision == "reject" and self.reason is None:
            raise ValueError("a rejection needs a reason (field reason)")
        return self
