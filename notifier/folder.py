"""E-mail goes into a folder, one ``.eml`` file each: to try the system out and read what it would send."""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import tempfile
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from notifier.render import Mail
from notifier.transport import Accepted, BeforeFinal, Misconfigured, Sent, Temporary


class FolderTransport:
    """Accepts every mail into a folder; the same mail sent twice is one file.

    The file is complete or not there (written beside and renamed), and on the disk with its name before it counts as sent.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def send(self, mail: Mail, before_final: BeforeFinal) -> Sent:
        """The mail is in the folder (see Transport.send); Temporary when the folder cannot be written."""
        await before_final()
        name = f"{mail.message_id.strip('<>').partition('@')[0]}.eml"
        try:
            await asyncio.to_thread(self._write, name, mail.content)
        except OSError as error:
            return Temporary(None, f"the mail folder cannot be written: {error.strerror}")
        return Accepted(f"stored as {name}")

    async def probe(self) -> Temporary | Misconfigured | None:
        """None when the folder can be written."""
        try:
            self._make()
        except OSError as error:
            return Misconfigured(f"the mail folder cannot be made: {error.strerror}")
        return None if os.access(self._folder, os.W_OK) else Misconfigured("the mail folder cannot be written")

    def _make(self) -> None:
        """The folder is its owner's alone, whatever the umask: links and names stand in e-mails."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _write(self, name: str, content: bytes) -> None:
        self._make()
        handle, beside = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(beside).replace(self._folder / name)
        except OSError:
            Path(beside).unlink(missing_ok=True)
            raise
        _force_names(self._folder)


def _force_names(folder: Path) -> None:
    """The folder's list of names is on the disk: without it a power failure may forget a file that is itself there."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class StoredMail:
    """What a reader sees of a mail in the folder; ``id`` is the file's name without its ending."""

    id: str
    notice: str
    date: str
    to: str
    subject: str
    text: str


def read_folder(folder: Path) -> list[StoredMail]:
    """The mails of the folder, the newest last; an empty list when there is no such folder."""
    parsed = [_read(file) for file in folder.glob("*.eml")] if folder.is_dir() else []
    return sorted(parsed, key=lambda mail: (parsedate_to_datetime(mail.date), mail.id))


def _read(file: Path) -> StoredMail:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    text = message.get_body(("plain",))
    return StoredMail(
        id=file.stem,
        notice=str(message["X-PMP-Notice"] or ""),
        date=str(message["Date"]),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=text.get_content().replace("\r\n", "\n") if text is not None else "",
    )
