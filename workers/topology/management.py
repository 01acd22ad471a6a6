"""RabbitMQ's management HTTP API, as far as the topology needs it; its failures are translated here.

One short connection per request on a thread. ``http.client`` follows no redirect and heeds no proxy variable,
so the password goes to the named host and nowhere else.
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote, unquote, urlsplit

from pydantic import TypeAdapter, ValidationError

from messages.errors import BrokerAway, Misconfigured
from workers.topology.plan import Policy, Version
from workers.topology.seen import (
    Alarm,
    BindingSeen,
    Broker,
    ExchangeSeen,
    FeatureFlag,
    PolicySeen,
    QueueSeen,
    Seen,
)

TIMEOUT_SECONDS = 10.0
ANSWER_BYTES_MAX = 64 * 1024 * 1024
"""More than any virtual host of our own can list; a longer answer is not RabbitMQ's."""
PAUSES_SECONDS = (0.2, 0.5, 1.0)
"""Before each further try of what the server could not answer."""

Kind = TypeVar("Kind", bound=Seen)


class MayNotLook(Misconfigured):
    """The management user lacks the tag or permission for this question."""


class _Overview(Seen):
    rabbitmq_version: str


class _Alarms(Seen):
    alarms: tuple[Alarm, ...] = ()


def vhost_of(amqp_url: str) -> str:
    """The virtual host that an AMQP URL names; the default one when it names none."""
    return unquote(urlsplit(amqp_url).path)[1:] or "/"


@dataclass(frozen=True, slots=True)
class Management:
    """The management API of the broker at ``url``, asked about one virtual host.

    Args:
        url: ``http(s)://user:password@host:port``; the user needs the tag ``policymaker`` to see policies.
        vhost: the virtual host that carries the topology.
    """

    url: str = field(repr=False)
    vhost: str
    timeout_seconds: float = TIMEOUT_SECONDS

    async def look(self) -> Broker:
        """The whole virtual host at this moment.

        Raises:
            BrokerAway: nobody answers.
            Misconfigured: wrong password, no such virtual host, or no management API at the URL.
        """
        vhost = quote(self.vhost, safe="")
        return Broker(
            version=await self.version(),
            queues={queue.name: queue for queue in await self._all(QueueSeen, f"queues/{vhost}")},
            exchanges={exchange.name: exchange for exchange in await self._all(ExchangeSeen, f"exchanges/{vhost}")},
            bindings=await self._all(BindingSeen, f"bindings/{vhost}"),
            policies=await self._all_or_none(PolicySeen, f"policies/{vhost}"),
            operator_policies=await self._all_or_none(PolicySeen, f"operator-policies/{vhost}"),
            feature_flags=await self._all_or_none(FeatureFlag, "feature-flags"),
            alarms=await self.alarms(),
        )

    async def version(self) -> Version:
        """The broker's major and minor version."""
        major, minor, *_ = (_read(TypeAdapter(_Overview), await self.ask("GET", "overview")).rabbitmq_version).split(
            "."
        )
        return int(major), int(minor)

    async def alarms(self) -> tuple[Alarm, ...] | None:
        """The memory and disk alarms in effect anywhere in the cluster, at this moment."""
        try:
            answer = await self.ask("GET", "health/checks/alarms", also_ok=(503,))
        except MayNotLook:
            return None
        return _read(TypeAdapter(_Alarms), answer).alarms

    async def put_policy(self, policy: Policy, version: Version) -> None:
        """The policy stands as planned for this version.

        Raises:
            Misconfigured: the broker refuses a key, or this user may not set policies.
        """
        body = {
            "pattern": policy.pattern,
            "apply-to": policy.applies_to,
            "priority": policy.priority,
            "definition": policy.definition(version),
        }
        await self.ask("PUT", f"policies/{quote(self.vhost, safe='')}/{quote(policy.name, safe='')}", body=body)

    async def _all(self, kind: type[Kind], path: str) -> tuple[Kind, ...]:
        return _read(TypeAdapter(tuple[kind, ...]), await self.ask("GET", path))  # type: ignore[valid-type]

    async def _all_or_none(self, kind: type[Kind], path: str) -> tuple[Kind, ...] | None:
        try:
            return await self._all(kind, path)
        except MayNotLook:
            return None

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        also_ok: tuple[int, ...] = (),
    ) -> bytes:
        """The body of the answer to one request under ``/api``.

        Args:
            method: ``GET``, ``PUT``, ``POST`` or ``DELETE``.
            path: what follows ``/api/``, its parts already quoted.
            body: sent as JSON.
            also_ok: statuses beside 2xx that are answers and not refusals.

        Raises:
            MayNotLook: 401 or 403.
            Misconfigured: 400 or 404.
            BrokerAway: no answer, or any other status. A 5xx is asked again first: while a virtual host is being made or removed
                the API stumbles over it, and whatever we ask may be asked twice.
        """
        for pause_seconds in (*PAUSES_SECONDS, None):
            try:
                status, answer = await asyncio.to_thread(self._exchange, method, path, body)
            except (OSError, http.client.HTTPException) as error:
                there = urlsplit(self.url).netloc.rpartition("@")[2]
                raise BrokerAway(f"the management API does not answer at {there} ({type(error).__name__})") from error
            if status in also_ok or 200 <= status < 300:
                return answer
            if status < 500 or pause_seconds is None:
                break
            await asyncio.sleep(pause_seconds)
        raise _refusal(status, method, path, answer)

    def _exchange(self, method: str, path: str, body: Mapping[str, object] | None) -> tuple[int, bytes]:
        """One request and its whole answer, on the thread that calls."""
        to = urlsplit(self.url)
        connection = _connection(to.scheme, to.hostname or "", to.port, self.timeout_seconds)
        login = f"{unquote(to.username or 'guest')}:{unquote(to.password or 'guest')}"
        headers = {
            "Authorization": "Basic " + base64.b64encode(login.encode()).decode(),
            "Content-Type": "application/json",
        }
        try:
            connection.request(
                method,
                f"{to.path.rstrip('/')}/api/{path}",
                json.dumps(body) if body is not None else None,
                headers,
            )
            response = connection.getresponse()
            return response.status, response.read(ANSWER_BYTES_MAX)
        finally:
            connection.close()


def _connection(scheme: str, host: str, port: int | None, timeout_seconds: float) -> http.client.HTTPConnection:
    match scheme:
        case "http":
            return http.client.HTTPConnection(host, port or 15672, timeout=timeout_seconds)
        case "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port or 15671, timeout=timeout_seconds, context=context)
        case _:
            raise Misconfigured("the management URL must begin with http:// or https://")


def _refusal(status: int, method: str, path: str, answer: bytes) -> Misconfigured | BrokerAway:
    """What an HTTP status means for whoever must mend it. The path holds names of the topology only."""
    match status:
        case 401 | 403:
            return MayNotLook(f"the management user may not {method} {path}: check its password and its tags")
        case 404:
            return Misconfigured(f"the management API knows no {path}: check the URL and the virtual host")
        case 400:
            return Misconfigured(f"the broker refuses {method} {path}: {_reason(answer)}")
        case _:
            return BrokerAway(f"the management API answered {status} to {method} {path}")


class _Refused(Seen):
    reason: str = "no reason given"


def _reason(answer: bytes) -> str:
    try:
        return TypeAdapter(_Refused).validate_json(answer).reason.strip()
    except ValidationError:
        return "no reason given"


T = TypeVar("T")


def _read(shape: TypeAdapter[T], answer: bytes) -> T:
    try:
        return shape.validate_json(answer)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors()[:3])
        raise Misconfigured(f"what answers at the management URL does not answer as RabbitMQ does: {fields}") from None
