"""A real store that fails at its boundary when told to: before the commit, or after it and before anybody hears of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from store.contract import Store, Transaction

T = TypeVar("T")


class ProcessEnded(BaseException):
    """Stands for SIGKILL: no code of ours catches it."""


@dataclass(slots=True)
class Fault:
    """The error of one write; ``committed`` says whether the transaction went through all the same."""

    error: BaseException
    committed: bool = False


@dataclass(slots=True)
class FaultyStore:
    """Every write takes the next of ``faults``; None, or none left: it goes well."""

    store: Store
    faults: list[Fault | None] = field(default_factory=list)

    async def write(self, unit: Callable[[Transaction], Awaitable[T]]) -> T:
        fault = self.faults.pop(0) if self.faults else None
        if fault is None:
            return await self.store.write(unit)
        if fault.committed:
            await self.store.write(unit)
        raise fault.error

    async def read(self, unit: Callable[[Transaction], Awaitable[T]]) -> T:
        return await self.store.read(unit)

    async def migrate(self) -> Sequence[str]:
        return await self.store.migrate()

    async def close(self) -> None:
        await self.store.close()
