"""Documents of registrations: where each stands and how it was judged; a reference is never deleted (R4, R62)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from messages.registration import RegistrationDocumentReceived
from store.contract import Transaction, as_text


@dataclass(frozen=True, slots=True)
class Document:
    """The last document of its sort: its state, and what it lacks when it is deficient."""

    document_id: str
    state: Literal["received", "accepted", "deficient"]
    lacks: tuple[str, ...]


async def insert(tx: Transaction, message: RegistrationDocumentReceived, *, seq: int) -> bool:
    """Keep a document's reference; False when the registration has a document of this id."""
    return (
        await tx.run(
            "documents.insert",
            registration_id=message.registration_id,
            document_id=message.document_id,
            document=message.document,
            media_type=message.media_type,
            size_bytes=message.size_bytes,
            sha256=message.sha256,
            location=message.location,
            received_at=as_text(message.received_at),
            seq=seq,
        )
        == 1
    )


async def judge(
    tx: Transaction,
    registration_id: str,
    document_id: str,
    state: Literal["accepted", "deficient"],
    *,
    lacks: Sequence[str],
    by: str,
    now: datetime,
) -> bool:
    """Write an administrator's judgement; False when there is no such document."""
    return (
        await tx.run(
            "documents.judge",
            registration_id=registration_id,
            document_id=document_id,
            state=state,
            lacks=" ".join(lacks),
            judged_by=by,
            judged_at=as_text(now),
        )
        == 1
    )


async def latest(tx: Transaction, registration_id: str) -> Mapping[str, Document]:
    """Return the last document of each sort."""
    rows = await tx.rows("documents.latest", registration_id=registration_id)
    return {r["document"]: Document(r["document_id"], r["state"], tuple((r["lacks"] or "").split())) for r in rows}
