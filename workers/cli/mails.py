"""E-mails: those of the mail folder, and every notice there is, looked at with made-up facts."""

from __future__ import annotations

import webbrowser
from collections.abc import Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from messages.errors import Misconfigured, Permanent
from store.contract import as_text
from workers.cli.app import WrongUse
from workers.cli.opened import AsJson, site_settings, standing_store
from workers.cli.presenting import hint, moment, print_json, print_table, say

if TYPE_CHECKING:
    from notifier.facts import Fact

app = App(name="mail", help="Read the e-mails in the mail folder; look at every notice there is.")


@app.command(name="list")
def list_(*, json: AsJson = False) -> None:
    """List the e-mails of the folder, oldest first."""
    from notifier.folder import read_folder

    settings = site_settings()
    mails = read_folder(settings.mail_folder)
    if json:
        print_json(
            [{"id": m.id, "notice": m.notice, "date": _utc(m.date), "to": m.to, "subject": m.subject} for m in mails]
        )
        return
    if settings.transport != "folder":
        say("E-mails go to a mail server (PMP_TRANSPORT=smtp): see `pmp outbox list --channel mail`.")
    print_table(
        "E-mails",
        ["id", "date", "to", "notice", "subject"],
        [[m.id[:12], moment(_utc(m.date)), m.to, m.notice, m.subject] for m in mails],
    )


@app.command(name="show")
def show(mail_id: Annotated[str, Parameter(help="Its id, or how it begins.")], /, *, json: AsJson = False) -> None:
    """Show one e-mail as its reader sees it."""
    from notifier.folder import read_folder

    folder = site_settings().mail_folder
    if not folder.is_dir():
        raise Misconfigured("The mail folder does not exist: see PMP_MAIL_FOLDER.")
    found = [mail for mail in read_folder(folder) if mail.id.startswith(mail_id)]
    exact = [mail for mail in found if mail.id == mail_id]
    if len(exact or found) != 1:
        raise Permanent("Several e-mails begin so." if found else "There is no such e-mail.")
    mail = (exact or found)[0]
    if json:
        print_json(mail)
        return
    say(f"To: {mail.to}\nDate: {mail.date}\nSubject: {mail.subject}\n\n{mail.text.rstrip()}")


@app.command
async def test(address: Annotated[str, Parameter(help="Where it goes.")], /, *, json: AsJson = False) -> None:
    """Put a test message into the outbox; the relay sends it as it sends any other. `pmp outbox list` tells how it fared.

    Before that the mail server is greeted as the relay greets it: 78 when it takes us for nobody it knows, and nothing is sent.
    """
    from handlers.rules.wording import told_at
    from notifier import transport
    from notifier.address import mailbox
    from store import outbox
    from store.outbox import Staged
    from workers.bootstrap import now, transport_of

    settings, at = site_settings(), now()
    there = told_at(at, settings.programme)
    staged = Staged(
        "mail", "administrators.test_message", mailbox(address), {"sent_at_text": there},
        key=f"administrators.test_message:{at.isoformat()}",
    )  # fmt: skip
    async with transport_of(settings) as leaving:
        found = await leaving.probe()
    if isinstance(found, transport.Misconfigured):
        raise Misconfigured(f"Nothing was sent: {found.why}.")
    async with standing_store(settings) as store:
        await store.write(lambda tx: outbox.stage_all(tx, [staged], at))
    if found is not None:
        hint(f"warning: {found.reply}; the relay tries until it can")
    if json:
        print_json({"notice": staged.name, "to": staged.destination, "staged_at": at})
        return
    say("The test message waits in the outbox; a running relay sends it within seconds.")


@app.command
def templates(*, json: AsJson = False) -> None:
    """List every notice: when it is sent, to whom, by which rule, and what happens when nobody knows whether it arrived.

    78 when a template of this site's own is wrong: each is told with its file, line and reason.
    """
    settings = site_settings()
    from notifier.catalogue import catalogue
    from workers.bootstrap import renderer_of

    renderer_of(settings).check()
    notices = catalogue()
    if json:
        print_json(
            [
                {
                    "name": one.name, "purpose": one.purpose, "audience": one.audience, "rule": one.rule,
                    "on_unknown": one.on_unknown, "deadline_days": one.deadline_days, "digest": one.digest,
                    "facts": _shapes(one.facts),
                }
                for one in notices
            ]
        )  # fmt: skip
        return
    print_table(
        "Notices",
        ["notice", "to", "rule", "on unknown", "when"],
        [[one.name, one.audience, one.rule, one.on_unknown, one.purpose] for one in notices],
    )
    say("→ `pmp mail preview NOTICE` shows one with made-up facts")


@app.command
def preview(
    name: Annotated[str, Parameter(help="The notice, as `pmp mail templates` names it.")],
    /,
    *,
    text: Annotated[bool, Parameter(negative="", help="Show its text; the default.")] = False,
    html: Annotated[Path | None, Parameter(help="Write its HTML into this file.")] = None,
    open_page: Annotated[
        Path | None, Parameter(help="Write a page with its heads, HTML and text into this file, and open that.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Show a notice as this site would send it, with the made-up facts of its notice.toml. 1 when there is none of that name."""
    if sum((text, html is not None, open_page is not None, json)) > 1:
        raise WrongUse("Choose one of --text, --html, --open-page and --json.")
    settings = site_settings()
    from notifier.preview import page_of, preview_of
    from workers.bootstrap import renderer_of

    seen = preview_of(renderer_of(settings).preview(name))
    if json:
        print_json(seen)
    elif html is not None:
        _written(html, seen.html)
    elif open_page is not None:
        _written(open_page, page_of(seen))
        if not webbrowser.open(open_page.resolve().as_uri()):
            hint("There is no browser here; open the file where there is one.")
    else:
        say(f"From: {seen.sender}\nTo: {seen.to}\nSubject: {seen.subject}\n\n{seen.text.rstrip()}")


def _utc(date: str) -> str:
    """Return the moment of a Date field (RFC 5322) as the store writes moments."""
    return as_text(parsedate_to_datetime(date).astimezone(UTC))


def _shapes(facts: Iterable[Fact]) -> dict[str, object]:
    """Return each fact's shape as notice.toml writes it; of a table its fields."""
    return {
        fact.name: _shapes(fact.fields) if fact.fields else f"{fact.shape}{'?' if fact.optional else ''}"
        for fact in facts
    }


def _written(file: Path, content: str) -> None:
    try:
        file.write_text(content, "utf-8")
    except OSError as error:
        raise Permanent(f"{file} cannot be written: {error.strerror}.") from None
    hint(f"Written: {file}")
