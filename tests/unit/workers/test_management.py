"""The management API stumbles now and then; what it says then is not taken for its last word."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from messages.errors import BrokerAway
from workers.topology import management
from workers.topology.management import Management


@contextmanager
def answering(*statuses: int) -> Iterator[str]:
    """An API that answers each request with the next status, and the last one for ever."""
    left = list(statuses)

    class Api(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://guest:guest@127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(management, "PAUSES_SECONDS", (0.0, 0.0, 0.0))


async def test_a_stumble_is_asked_again() -> None:
    """Three in a row are got over."""
    with answering(500, 503, 500, 200) as url:
        assert await Management(url, "/").ask("GET", "queues") == b"{}"


async def test_an_api_that_stays_broken_is_away() -> None:
    """The fourth is its last word."""
    with answering(500) as url, pytest.raises(BrokerAway, match="500"):
        await Management(url, "/").ask("GET", "queues")
