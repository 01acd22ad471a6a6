"""The programme in whose name the tests write."""

from __future__ import annotations

import pytest

from notifier.render import Renderer, Sender


@pytest.fixture(scope="session")
def sender() -> Sender:
    return Sender(
        from_address="pmp@example.org",
        from_name="Sample PMP",
        contact_name="Sample Program Office",
        contact_email="office@example.org",
        contact_phone="860-555-0100",
        programme_name="Sample Prescription Monitoring Program",
        programme_short="SPMP",
        portal_url="https://portal.example.org",
    )


@pytest.fixture(scope="session")
def renderer(sender: Sender) -> Renderer:
    return Renderer(sender)
