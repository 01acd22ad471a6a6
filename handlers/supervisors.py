"""Who may have delegates: active accounts of roles on whose behalf others may act (R7)."""

from __future__ import annotations

from typing import Any, Literal

from handlers.outcomes import Refuse
from handlers.work import Work
from messages.errors import FieldFault
from messages.message import same_address
from store import accounts
from store.accounts import Account


async def supervisor_of(work: Work[Any, Any], address: str, *, field: str = "supervisor") -> Account | Refuse:
    """Return the account of a supervisor, or the refusal that names the field (R7)."""
    account = await accounts.by_address(work.tx, address)
    if account is None or account.state != "active":
        return Refuse("supervisor_unknown", "No active account has this address (R7).", field=field)
    if not work.programme.roles.named(account.role).delegates:
        return Refuse("not_a_supervisor", "The role of this account has no delegates (R7).", field=field)
    return account


async def supervisors_of(work: Work[Any, Any], addresses: tuple[str, ...]) -> list[Account] | Refuse:
    """Return the accounts of supervisors that a form names, each once, or a refusal that names every place at fault."""
    found = [await supervisor_of(work, one, field=f"supervisors.{place}") for place, one in enumerate(addresses)]
    refused = [one for one in found if isinstance(one, Refuse)]
    if refused:
        faults = tuple(FieldFault(one.field or "", one.code, one.text) for one in refused)
        return Refuse(refused[0].code, refused[0].text, field=refused[0].field, faults=faults)
    return list({same_address(one.email): one for one in found if not isinstance(one, Refuse)}.values())


def link_decided(
    work: Work[Any, Any],
    delegate: Account,
    supervisor: Account,
    decision: Literal["approved", "refused", "ended"],
    reason: str | None,
) -> None:
    """The delegate knows what became of the link to a supervisor (R23)."""
    work.notify(
        "delegate.link_decided",
        delegate.email,
        {"name": delegate.name, "supervisor_name": supervisor.name, "decision": decision, "reason": reason},
        occasion=work.envelope.message_id,
    )
