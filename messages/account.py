"""Account: what happens to an approved user's access (R20, R30–R38)."""

from __future__ import annotations

from messages.message import Message, Moment, Reference, Sealed


class AccountPasswordSet(Message):
    """A user chose a new password; it travels sealed and is never written down in clear (R30, R31, R38)."""

    account_id: Reference
    password: Sealed
    set_at: Moment | None = None
