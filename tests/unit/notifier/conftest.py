"""The programme in whose name the tests write."""

from __future__ import annotations

import pytest

from notifier.render import Renderer, Sender
from tests.sender import SENDER


@pytest.fixture(scope="session")
def sender() -> Sender:
    return SENDER


@pytest.fixture(scope="session")
def renderer(sender: Sender) -> Renderer:
    return Renderer(sender)
