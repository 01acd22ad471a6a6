"""How people join: each wave registers, reads its mail, gives what is asked of it, and is decided on (R1–R14)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from handlers.secrets import SealingKey
from notifier.folder import StoredMail
from workers.demo import people as made_up
from workers.demo.day import Planned, Scene
from workers.demo.ledger import Counts
from workers.demo.people import Person


@dataclass(slots=True)
class Joining:
    """Brings people to their accounts. ``done`` counts what must have had its effect so far, by kind.

    Args:
        publish: hands messages to the broker.
        until: waits for a state of the store; the first argument says what is waited for.
        read_mail: everything that stands in everybody's mailboxes.
    """

    scene: Scene
    key: SealingKey
    publish: Callable[[Iterable[Planned]], Awaitable[None]]
    until: Callable[[str, Callable[[Counts], bool]], Awaitable[None]]
    read_mail: Callable[[], Sequence[StoredMail]]
    done: Counter[str] = field(default_factory=Counter)

    async def everybody(self, everybody: Sequence[Person]) -> list[Person]:
        """All have an account or were rejected; return those who were approved. Delegates come when supervisors are there."""
        day = self.scene.day
        first, delegates = everybody[: len(everybody) - day.delegates], everybody[len(everybody) - day.delegates :]
        rejected = first[len(first) - day.rejections :]
        officers, supervisor = first[: day.officers], first[day.officers]
        await self._register(first, early=rejected[: day.early_documents])
        await self._do("approval.agency_list_received", [made_up.agency_list(self.scene, officers)])
        await self._show_documents(first, deficient=first[-1:])
        await self.publish([made_up.decision("REG-UNKNOWN")])
        approved = first[: len(first) - day.rejections]
        await self._decide(approved, rejected)
        await self._do("approval.training_completed", [made_up.training(self.scene, one) for one in officers])
        await self._register(delegates, supervisor=supervisor)
        await self._do("approval.supervisor_decided", [made_up.supervision(one, supervisor) for one in delegates])
        await self._show_documents(delegates)
        await self._decide(delegates, [])
        return [*approved, *delegates]

    async def _register(
        self, wave: Sequence[Person], *, supervisor: Person | None = None, early: Sequence[Person] = ()
    ) -> None:
        """Everybody has registered and verified the address; somebody tried twice, and some documents came too early."""
        overtaking = made_up.documents(self.scene, early, version=0)
        self.done["registration.document_received"] += len(overtaking)
        await self.publish(overtaking)
        await self._do(
            "registration.submitted",
            [made_up.registration(self.scene, one, self.key, supervisor=supervisor) for one in wave],
        )
        again = made_up.registration(
            self.scene, wave[-1], self.key, supervisor=supervisor, again_as=f"AGAIN-{len(wave)}"
        )
        await self.publish([again])
        await self.until(
            "links to verify addresses are in the mailboxes",
            lambda counts: counts.mails("registration.email_verification") >= self.done["registration.submitted"],
        )
        verified = made_up.verifications(self.read_mail(), wave, self.key)
        await self._do("registration.email_verified", verified)

    async def _show_documents(self, wave: Sequence[Person], *, deficient: Sequence[Person] = ()) -> None:
        """Everybody's documents are accepted, those of some only at the second look."""
        await self._do("registration.document_received", made_up.documents(self.scene, wave))
        good = [one for one in wave if one not in deficient]
        looks = [*made_up.judgements(good), *made_up.judgements(deficient, is_signed=False)]
        await self._do("approval.document_judged", looks)
        await self._do("registration.document_received", made_up.documents(self.scene, deficient, version=2))
        await self._do("approval.document_judged", made_up.judgements(deficient, version=2))

    async def _decide(self, approved: Sequence[Person], rejected: Sequence[Person]) -> None:
        decisions = [made_up.decision(one.registration_id) for one in approved]
        decisions += [made_up.decision(one.registration_id, is_approved=False) for one in rejected]
        await self._do("approval.administrator_decided", decisions)

    async def _do(self, kind: str, messages: Sequence[Planned]) -> None:
        """The messages have had their effect."""
        self.done[kind] += len(messages)
        await self.publish(messages)
        await self.until(f"{kind} has had its effect", lambda counts: counts.of(kind, "done") >= self.done[kind])
