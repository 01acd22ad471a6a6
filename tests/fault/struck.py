"""A process of a site that gives itself a signal at one exact instant: ``STRUCK=SIGKILL:after_commit:3`` is the third of these.

before_commit   a transaction has written everything, and is not committed
after_commit    it is committed, and nobody has heard of it: nothing is acknowledged
mail_taken      the mail server has said 250, and nothing has marked the mail
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from notifier.render import Mail
from notifier.transport import Accepted, BeforeFinal, Misconfigured, Sent, Temporary, Transport
from store.contract import Store, Transaction
from tests import site
from workers import bootstrap
from workers.settings import Settings

T = TypeVar("T")


@dataclass(slots=True)
class Strike:
    """Strikes once, when its point has been passed so often."""

    signal: signal.Signals
    point: str
    countdown: int

    def passed(self, point: str) -> None:
        """The process has come to this point; perhaps it does not go on."""
        if point == self.point:
            self.countdown -= 1
            if self.countdown == 0:
                os.kill(os.getpid(), self.signal)


def ordered(text: str) -> Strike:
    """The strike that a text like ``SIGKILL:after_commit:3`` orders."""
    name, point, number = text.split(":")
    return Strike(signal.Signals[name], point, int(number))


@dataclass(slots=True)
class StruckStore:
    """A store whose writes pass the points before and after their commit."""

    store: Store
    strike: Strike

    async def write(self, unit: Callable[[Transaction], Awaitable[T]]) -> T:
        async def whole(tx: Transaction) -> T:
            done = await unit(tx)
            self.strike.passed("before_commit")
            return done

        done = await self.store.write(whole)
        self.strike.passed("after_commit")
        return done

    async def read(self, unit: Callable[[Transaction], Awaitable[T]]) -> T:
        return await self.store.read(unit)

    async def migrate(self) -> Sequence[str]:
        return await self.store.migrate()

    async def close(self) -> None:
        await self.store.close()


@dataclass(slots=True)
class StruckTransport:
    """A transport that passes a point after each mail that the server has taken."""

    transport: Transport
    strike: Strike

    async def __aenter__(self) -> Self:
        await self.transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.transport.__aexit__(kind, error, trace)

    async def send(self, mail: Mail, before_final: BeforeFinal) -> Sent:
        sent = await self.transport.send(mail, before_final)
        if isinstance(sent, Accepted):
            self.strike.passed("mail_taken")
        return sent

    async def probe(self) -> Temporary | Misconfigured | None:
        return await self.transport.probe()


def main(roles: Sequence[str]) -> None:
    """The real process, but for its store and its transport, which pass the points."""
    strike = ordered(os.environ["STRUCK"])
    open_store, transport_of = bootstrap.open_store, bootstrap.transport_of

    @asynccontextmanager
    async def open_struck(settings: Settings) -> AsyncIterator[Store]:
        async with open_store(settings) as store:
            yield StruckStore(store, strike)

    def struck_transport_of(settings: Settings) -> Transport:
        return StruckTransport(transport_of(settings), strike)

    bootstrap.open_store, bootstrap.transport_of = open_struck, struck_transport_of
    site.main(roles)


if __name__ == "__main__":
    main(sys.argv[1:])
