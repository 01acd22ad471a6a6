"""What leaves: the outbox of the store, and the e-mails of the mail folder."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import App, Parameter

from messages.errors import Misconfigured, Permanent
from store.overview import moment
from workers.cli.opened import AsJson, site_settings, standing_store
from workers.cli.presenting import age, print_json, print_table, say

outbox_app = App(name="outbox", help="List what leaves: e-mails, events, answers.")
mail_app = App(name="mail", help="Read the e-mails in the mail folder.")

_FIELDS = "no channel name destination state attempts created_at due_at settled_at reply seq".split()


@outbox_app.command(name="list")
async def outbox_list(
    *,
    channel: Literal["", "mail", "event", "answer"] = "",
    state: Literal["", "due", "claimed", "handed_over", "sent", "refused", "unknown", "held"] = "",
    most: Annotated[int, Parameter(help="At most so many, the newest.")] = 100,
    json: AsJson = False,
) -> None:
    """List what leaves, oldest first, with the last thing the other side said."""
    from store import outbox
    from workers.bootstrap import now

    async with standing_store(site_settings()) as store:
        newest = await store.read(lambda tx: outbox.listed(tx, channel=channel, state=state, most=most))
    rows = list(reversed(newest))
    if json:
        print_json([{name: row[name] for name in _FIELDS} for row in rows])
        return
    print_table(
        "Outbox",
        ["no", "age", "channel", "name", "to", "state", "tries", "told"],
        [
            [row["no"], age(moment(row["created_at"]), now()), row["channel"], row["name"], row["destination"],
             row["state"].replace("_", " "), row["attempts"], row["reply"] or ""]
            for row in rows
        ],
    )  # fmt: skip
    if any(row["state"] == "held" for row in rows):
        say("→ held: it may have arrived, and twice would harm; ask the recipient before it is sent again.")


@mail_app.command(name="list")
def mail_list(*, json: AsJson = False) -> None:
    """List the e-mails of the folder, oldest first."""
    from notifier.folder import read_folder

    settings = site_settings()
    mails = read_folder(settings.mail_folder)
    if json:
        print_json([{"id": m.id, "notice": m.notice, "date": m.date, "to": m.to, "subject": m.subject} for m in mails])
        return
    if settings.transport != "folder":
        say("E-mails go to a mail server (PMP_TRANSPORT=smtp): see `pmp outbox list --channel mail`.")
    print_table(
        "E-mails", ["id", "date", "to", "notice", "subject"], [[m.id, m.date, m.to, m.notice, m.subject] for m in mails]
    )


@mail_app.command(name="show")
def mail_show(mail_id: Annotated[str, Parameter(help="Its id, or how it begins.")], /, *, json: AsJson = False) -> None:
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
