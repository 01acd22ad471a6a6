"""The folder transport keeps each mail as one file and shows it again."""

from __future__ import annotations

import asyncio
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from notifier.folder import FolderTransport, read_folder
from notifier.render import Notice, Renderer
from notifier.transport import Accepted, Misconfigured, Temporary


async def nothing() -> None:
    """The caller has nothing to record."""


async def test_a_mail_sent_twice_is_one_file(tmp_path: Path, renderer: Renderer) -> None:
    """The file's name follows from the Message-ID."""
    mail = renderer.preview("account.locked")
    async with FolderTransport(tmp_path / "mails") as transport:
        outcomes = await asyncio.gather(*(transport.send(mail, nothing) for _ in range(10)))
    assert {type(outcome) for outcome in outcomes} == {Accepted}
    (file,) = (tmp_path / "mails").iterdir()
    assert file.read_bytes() == mail.content


async def test_the_folder_is_its_owners_alone(tmp_path: Path, renderer: Renderer) -> None:
    """Names and links stand in e-mails; whatever the umask is."""
    former = os.umask(0)
    try:
        async with FolderTransport(tmp_path / "mails") as transport:
            await transport.send(renderer.preview("account.locked"), nothing)
    finally:
        os.umask(former)
    (file,) = (tmp_path / "mails").iterdir()
    assert [stat.S_IMODE(one.stat().st_mode) for one in (file, tmp_path / "mails")] == [0o600, 0o700]


async def test_the_folder_can_be_read(tmp_path: Path, renderer: Renderer) -> None:
    """The newest mail is the last; notice, recipient, subject and text are told."""
    template = renderer.template("account.locked")
    async with FolderTransport(tmp_path) as transport:
        for day in (2, 1):
            planned_at = datetime(2026, 1, day, tzinfo=UTC)
            notice = Notice(template.name, f"jörg{day}@example.org", "k", template.sample, planned_at)
            await transport.send(renderer.render(notice), nothing)
    first, last = read_folder(tmp_path)
    assert (first.to, last.to) == ("jörg1@example.org", "jörg2@example.org")
    assert last.notice == "account.locked"
    assert last.subject == "Your account is locked for 10 minutes"
    assert "Dear Robin Example," in last.text


def test_no_folder_is_an_empty_list(tmp_path: Path) -> None:
    """Nothing has been sent yet."""
    assert read_folder(tmp_path / "nowhere") == []


async def test_the_hand_over_is_recorded_before_the_file_is_there(tmp_path: Path, renderer: Renderer) -> None:
    """before_final comes first; when it fails there is no file."""

    async def fails() -> None:
        assert list(tmp_path.iterdir()) == []
        raise LookupError

    async with FolderTransport(tmp_path) as transport:
        with pytest.raises(LookupError):
            await transport.send(renderer.preview("account.locked"), fails)
    assert list(tmp_path.iterdir()) == []


async def test_a_folder_that_cannot_be_written_is_temporary(tmp_path: Path, renderer: Renderer) -> None:
    """The disk may be back later; nothing is half there."""
    (tmp_path / "file").write_text("in the way")
    async with FolderTransport(tmp_path / "file") as transport:
        assert isinstance(await transport.send(renderer.preview("account.locked"), nothing), Temporary)
        assert isinstance(await transport.probe(), Misconfigured)
    async with FolderTransport(tmp_path / "new") as transport:
        assert await transport.probe() is None


async def test_a_mail_is_on_the_disk_before_it_counts_as_sent(
    tmp_path: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First what is in the file, then its name in the folder: a power failure forgets neither."""
    forced: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        forced.append(Path(f"/proc/self/fd/{handle}").resolve().suffix)
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    async with FolderTransport(tmp_path) as transport:
        assert isinstance(await transport.send(renderer.preview("account.locked"), nothing), Accepted)
    assert forced == [".part", ""]
