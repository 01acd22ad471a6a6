"""A process that starts while its store is locked or away waits for it, says so, and gives up in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_delay, wait_exponential

from messages.errors import StoreAway
from store.contract import Store

log = structlog.get_logger("pmp.start")

Opening = Callable[[], AbstractAsyncContextManager[Store]]


@asynccontextmanager
async def migrated(opening: Opening, patience_seconds: float) -> AsyncIterator[Store]:
    """The store is open and its tables are up to date; it is closed at the end.

    Raises:
        StoreAway: it was locked or away the whole time.
    """
    async with AsyncExitStack() as kept:

        async def attempt() -> Store:
            async with AsyncExitStack() as opened:
                store = await opened.enter_async_context(opening())
                await store.migrate()
                await kept.enter_async_context(opened.pop_all())
            return store

        patiently = AsyncRetrying(
            retry=retry_if_exception_type(StoreAway),
            stop=stop_after_delay(patience_seconds),
            wait=wait_exponential(0.2, max=5),
            before_sleep=_tell,
            reraise=True,
        )
        try:
            store: Store = await patiently(attempt)
        except StoreAway as error:
            waited = f"The store let nobody in for {patience_seconds:g} s (PMP_STORE_PATIENCE_SECONDS)."
            raise StoreAway(f"{waited} {error}") from error
        yield store


def _tell(state: RetryCallState) -> None:
    why = state.outcome.exception() if state.outcome is not None else None
    log.warning("waits_for_store", reason=str(why))
