"""AMQP 0-9-1 as a proxy sees it: a way through it, and what some frames have in them (class and method, 1.8.3)."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from tests.tcp_proxy import TcpProxy

BASIC_PUBLISH = b"\x00\x3c\x00\x28"  # class 60, method 40
BASIC_ACK = b"\x00\x3c\x00\x50"  # class 60, method 80: a client's acknowledgement, a server's confirm


def proxy_to(amqp_url: str) -> TcpProxy:
    """A proxy before the broker of this address."""
    parts = urlsplit(amqp_url)
    return TcpProxy(parts.hostname or "", parts.port or 5672)


def through(proxy: TcpProxy, amqp_url: str, *, heartbeat: int | None = None) -> str:
    """The same address by way of the proxy."""
    parts = urlsplit(amqp_url)
    netloc = f"{parts.username}:{parts.password}@127.0.0.1:{proxy.port}"
    return urlunsplit(parts._replace(netloc=netloc, query="" if heartbeat is None else f"heartbeat={heartbeat}"))
