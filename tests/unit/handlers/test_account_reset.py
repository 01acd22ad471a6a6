"""A forgotten password: one link, once, for twenty minutes, and no word of who has an account (R30, R31, R35–R38)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from handlers.outcomes import DONE, Done, Outcome, Refuse
from handlers.secrets import Vault
from messages.account import (
    AccountLoginAttempted,
    AccountLoginFailed,
    AccountPasswordReset,
    AccountPasswordResetRequested,
    AccountPasswordSet,
)
from messages.message import Message
from store.sqlite import SqliteTransaction
from tests.unit.handlers.account_life import ROBIN, account, fail, log_in, secret_link
from tests.unit.handlers.bench import NOW, PASSWORD, Bench

NEW = "Other-Horse"
STRANGER = "nobody@example.org"
MINUTE = timedelta(minutes=1)


async def _ask(bench: Bench, address: str = ROBIN) -> Outcome:
    return await bench.send(AccountPasswordResetRequested(address=address))


async def _use(bench: Bench, link: tuple[str, str], password: str = NEW) -> Outcome:
    return await bench.send(
        AccountPasswordReset(reset_id=link[0], token=bench.seal(link[1]), password=bench.seal(password))
    )


def _code(outcome: Outcome) -> str:
    assert isinstance(outcome, Refuse)
    return outcome.code


async def test_r36_a_link_leads_to_a_new_password(bench: Bench) -> None:
    """The link leaves by e-mail, the new password is in force for 90 days, and its owner is told."""
    await bench.open_account()
    assert await _ask(bench) == DONE
    assert bench.told == [("account.password_reset", ROBIN)]
    assert bench.mails[0].facts["minutes_valid"] == 20
    assert await _use(bench, secret_link(bench)) == Done({"expires_on": "2026-09-13"})
    assert bench.told == [("account.password_changed", ROBIN)]
    assert (await log_in(bench, NEW))["login"] == "granted"
    assert (await log_in(bench))["login"] == "wrong"


async def test_r36_a_link_works_once(bench: Bench) -> None:
    """The second use is refused, and the first password stays."""
    await bench.open_account()
    await _ask(bench)
    link = secret_link(bench)
    assert isinstance(await _use(bench, link), Done)
    assert _code(await _use(bench, link, "Third-Horse")) == "link_not_valid"
    assert (await log_in(bench, NEW))["login"] == "granted"


async def test_r36_a_link_works_for_twenty_minutes(bench: Bench) -> None:
    """A moment before the end it does, at the end it does not."""
    await bench.open_account()
    await _ask(bench)
    link = secret_link(bench)
    bench.now = NOW + 20 * MINUTE
    assert _code(await _use(bench, link)) == "link_not_valid"
    bench.now = NOW + 20 * MINUTE - timedelta(microseconds=1)
    assert isinstance(await _use(bench, link), Done)


async def test_r36_a_later_request_invalidates_the_earlier_link(bench: Bench) -> None:
    """Only the last one works."""
    await bench.open_account()
    await _ask(bench)
    earlier = secret_link(bench)
    await _ask(bench)
    later = secret_link(bench)
    assert _code(await _use(bench, earlier)) == "link_not_valid"
    assert isinstance(await _use(bench, later), Done)


async def test_r36_another_secret_is_not_the_link_s(bench: Bench) -> None:
    """Whoever guesses the page's name has nothing."""
    await bench.open_account()
    await _ask(bench)
    reset_id, secret = secret_link(bench)
    assert _code(await _use(bench, (reset_id, "guessed"))) == "link_not_valid"
    assert _code(await _use(bench, (reset_id, "guessed"), PASSWORD)) == "link_not_valid"
    assert _code(await _use(bench, ("unknown", secret))) == "link_not_valid"
    assert isinstance(await _use(bench, (reset_id, secret)), Done)


async def test_r36_requests_are_limited_by_address_and_hour(bench: Bench) -> None:
    """The fourth within an hour is refused, known address or not; the last link still works; an hour later it is served."""
    await bench.open_account()
    for address in (STRANGER, ROBIN):
        assert [await _ask(bench, address) for _ in range(3)] == [DONE] * 3
        links = bench.mails
        assert _code(await _ask(bench, address)) == "too_many_requests"
    bench.mails = links
    link = secret_link(bench)
    assert isinstance(await _use(bench, link), Done)
    bench.now = NOW + 60 * MINUTE
    assert await _ask(bench) == DONE


async def test_r30_r31_the_new_password_must_do(bench: Bench) -> None:
    """A weak one and the present one are refused, and the link is not spent by that."""
    await bench.open_account()
    await _ask(bench)
    link = secret_link(bench)
    assert _code(await _use(bench, link, "weak")) == "password_too_weak"
    assert _code(await _use(bench, link, PASSWORD)) == "password_unchanged"
    assert isinstance(await _use(bench, link), Done)


async def test_r35_a_reset_releases_an_expired_password(bench: Bench) -> None:
    """The 90 days count from the reset."""
    await bench.open_account()
    bench.now = datetime(2026, 9, 20, 15, 0, tzinfo=UTC)
    assert (await log_in(bench))["login"] == "expired"
    await _ask(bench)
    await _use(bench, secret_link(bench))
    assert (await log_in(bench, NEW))["login"] == "granted"
    assert (await account(bench)).password_expires_on == date(2026, 12, 19)


async def test_r37_a_reset_unlocks(bench: Bench) -> None:
    """Its owner has proved to be the owner."""
    await bench.open_account()
    for _ in range(4):
        await fail(bench)
    assert (await log_in(bench))["login"] == "locked"
    await _ask(bench)
    await _use(bench, secret_link(bench))
    assert (await log_in(bench, NEW))["login"] == "granted"


async def test_a_password_set_otherwise_invalidates_links(bench: Bench) -> None:
    """A link from before the change is of no use after it."""
    await bench.open_account()
    await _ask(bench)
    link = secret_link(bench)
    await bench.send(AccountPasswordSet(account_id="REG-1", password=bench.seal(NEW)))
    assert _code(await _use(bench, link, "Third-Horse")) == "link_not_valid"


async def test_r20_a_closed_account_has_no_links(bench: Bench) -> None:
    """A link from before the revocation does not open it."""
    await bench.open_account()
    await _ask(bench)
    link = secret_link(bench)
    await bench.change("UPDATE accounts SET state = 'revoked'")
    assert _code(await _use(bench, link)) == "link_not_valid"
    assert await _ask(bench) == DONE
    assert bench.told == []


class Seen:
    """The statements that ran, and the hashes that were compared."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.compared = 0


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """Notes what the store and the vault are asked for."""
    noted = Seen()
    for name in ("rows", "run", "insert_all"):
        monkeypatch.setattr(SqliteTransaction, name, _noting(noted, getattr(SqliteTransaction, name)))
    is_hash_of = Vault.is_hash_of

    def counting(vault: Vault, hashed: str, password: str) -> bool:
        noted.compared += 1
        return is_hash_of(vault, hashed, password)

    monkeypatch.setattr(Vault, "is_hash_of", counting)
    yield noted


def _noting(noted: Seen, method: Any) -> Any:
    async def wrapped(tx: SqliteTransaction, statement: str, *args: Any, **values: Any) -> Any:
        noted.statements.append(statement)
        return await method(tx, statement, *args, **values)

    return wrapped


async def _sizes(bench: Bench) -> dict[str, int]:
    rows = await bench.store._writer.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return {row[0]: await bench.count(row[0]) for row in await rows.fetchall() if not row[0].startswith("sqlite_")}


async def _work_of(bench: Bench, seen: Seen, messages: list[Any]) -> list[tuple[Any, list[str], int, list[str]]]:
    """For each message: its outcome, its statements, the hashes compared, and the tables that grew or shrank."""
    found = []
    for make in messages:
        before = await _sizes(bench)
        message: Message = make()
        seen.statements.clear()
        seen.compared = 0
        outcome = await bench.send(message)
        statements, compared = list(seen.statements), seen.compared
        after = await _sizes(bench)
        found.append((outcome, statements, compared, [name for name in after if after[name] != before[name]]))
    return found


async def test_r36_known_and_unknown_addresses_are_the_same_work(bench: Bench, seen: Seen) -> None:
    """Requests up to the limit and beyond, failed logins up to the lock and beyond: same answers, statements, tables, hashes."""
    await bench.open_account()

    def journey(address: str) -> list[Any]:
        ask = lambda: AccountPasswordResetRequested(address=address)  # noqa: E731
        attempt = lambda: AccountLoginAttempted(address=address, password=bench.seal("Wrong-Horse"))  # noqa: E731
        failed = lambda: AccountLoginFailed(address=address)  # noqa: E731
        return [ask] * 5 + [attempt] * 6 + [failed] * 2

    known = await _work_of(bench, seen, journey(ROBIN))
    unknown = await _work_of(bench, seen, journey(STRANGER))
    assert known == unknown
    assert all(statements for _, statements, _, _ in known)
    assert {compared for _, _, compared, _ in known[5:11]} == {1}


async def test_r38_only_hashes_of_links_are_kept(bench: Bench) -> None:
    """The secret stands nowhere in the store's files."""
    await bench.open_account()
    await _ask(bench)
    _, secret = secret_link(bench)
    for file in bench.store.path.parent.iterdir():
        assert secret.encode() not in file.read_bytes()
