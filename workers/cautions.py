"""What is allowed and yet hardly meant: told when a process starts and by ``pmp settings``, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from store.contract import is_postgres
from workers.settings import Settings

_MADE_UP = ("example.org", "example.com", "example.net")  # RFC 2606: nobody reads what goes there
_ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
"""What libpq and asyncpg take for TLS or nothing; by default they try it and go on without."""


def cautions(settings: Settings) -> list[str]:
    """Return a sentence for each, with the setting that mends it; never a secret."""
    return [*_unsafe(settings), *_unread(settings), *_forgetful(settings)]


def _unsafe(settings: Settings) -> Iterator[str]:
    """What others could read or forge (R60, R63)."""
    if not settings.audit_key.get_secret_value():
        yield "PMP_AUDIT_KEY is not set: who can write to the database could forge the audit trail whole (R60)."
    for name, url, plain in (
        ("PMP_AMQP_URL", settings.amqp_url.get_secret_value(), "amqp"),
        ("PMP_MANAGEMENT_URL", settings.management_url.get_secret_value(), "http"),
    ):
        parts = urlsplit(url)
        if parts.scheme == plain and not _is_here(parts.hostname):
            yield f"{name} leads to {parts.hostname} without TLS: others may read along; {plain}s:// asks for it (R63)."
    store = settings.store.get_secret_value()
    if is_postgres(store) and not _is_encrypted_or_here(store):
        yield "PMP_STORE leads to another machine and does not insist on TLS: ?sslmode=verify-full does (R63)."
    if settings.transport == "smtp" and settings.smtp_tls == "none" and not _is_here(settings.smtp_host):
        yield f"PMP_SMTP_TLS is none: e-mails go to {settings.smtp_host} in clear; starttls and tls insist (R63)."


def _unread(settings: Settings) -> Iterator[str]:
    """What would be sent to nobody: no address at all, or one that is only an example."""
    if not settings.administrators:
        yield "PMP_ADMINISTRATORS is empty: nobody is told of cases, tickets and what waits for a decision (R11, R25)."
    if settings.transport != "smtp":
        return
    addresses = {
        "PMP_ADMINISTRATORS": settings.administrators,
        "PMP_MAIL_FROM": (settings.mail_from,),
        "PMP_CONTACT_EMAIL": (settings.contact_email,),
        "PMP_PORTAL_URL": (urlsplit(settings.portal_url).hostname or "",),
    }
    for name, given in addresses.items():
        if any(one.endswith(_MADE_UP) for one in given):
            yield f"{name} is still made up, and e-mails go out with it."


def _forgetful(settings: Settings) -> Iterator[str]:
    """What would be forgotten while it is still needed to know a message again."""
    programme = settings.programme
    needed = max(programme.defer_days, programme.outbox_days)
    if programme.inbox_days < needed:
        yield (
            f"PMP_PROGRAMME__INBOX_DAYS is {programme.inbox_days}: a message that waits, or whose answer leaves, may do so for "
            f"{needed} days, and sent again after that it would be taken as new."
        )


def _is_encrypted_or_here(store: str) -> bool:
    parts = urlsplit(store)
    asked = parse_qs(parts.query)
    if set(asked.get("sslmode", ())) & _ENCRYPTED:
        return True
    hosts = [host for host in parts.netloc.rpartition("@")[2].split(",") if host] or asked.get("host", [])
    return all(_is_here(urlsplit(f"//{host}").hostname) or host.startswith("/") for host in hosts)


def _is_here(host: str | None) -> bool:
    """Tell whether a host is this machine, so that nothing is on a wire."""
    try:
        return host in (None, "", "localhost") or ip_address(host or "").is_loopback
    except ValueError:
        return False
