"""The servers every test may ask for. One that cannot be had fails the test: it never skips it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.servers import fresh_database, fresh_vhost
from workers.services.postgres import Database, postgres_server
from workers.services.private import Say
from workers.services.rabbitmq import Broker, private_rabbitmq

# How fast a busy machine is, is not what is tried.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def say(pytestconfig: pytest.Config) -> Say:
    """A line reaches the terminal although pytest captures what tests print."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def tell(line: str) -> None:
        if capture is None:
            print(line, flush=True)
            return
        with capture.global_and_fixture_disabled():
            # A process of several has its standard output taken by the one that started it.
            print(line, file=sys.stderr if "PYTEST_XDIST_WORKER" in os.environ else sys.stdout, flush=True)

    return tell


@pytest.fixture(scope="session")
def rabbitmq(say: Say) -> Iterator[Broker]:
    """The session's RabbitMQ; whoever stops it starts it again."""
    with private_rabbitmq(say) as broker:
        yield broker


@pytest.fixture
def amqp_url(rabbitmq: Broker) -> Iterator[str]:
    """A vhost of the test's own on the session's RabbitMQ."""
    with fresh_vhost(rabbitmq) as url:
        yield url


@pytest.fixture(scope="session")
def postgres(say: Say) -> Iterator[Database]:
    """The session's PostgreSQL; whoever stops it starts it again."""
    with postgres_server(say) as database:
        yield database


@pytest.fixture(scope="session")
def postgres_url(postgres: Database) -> str:
    """The address of the session's PostgreSQL, as a user who may create databases."""
    return postgres.url


@pytest.fixture
def fresh_postgres_url(postgres_url: str) -> Iterator[str]:
    """An empty database of the test's own."""
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store of each engine is."""
    if request.param == "sqlite":
        return str(tmp_path / "pmp.db")
    return str(request.getfixturevalue("fresh_postgres_url"))
