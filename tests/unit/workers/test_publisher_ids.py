"""An id that AMQP has no room for is the caller's to mend, and no trouble of the broker's."""

from __future__ import annotations

import pytest

from messages.errors import BrokerAway, Invalid
from workers.client import Publisher

NOBODY = "amqp://guest:guest@127.0.0.1:1/"


@pytest.mark.parametrize("message_id", ["m" * 256, "é" * 128])
async def test_an_id_of_more_than_255_bytes_is_refused_before_anything_is_sent(message_id: str) -> None:
    """The broker is not even asked."""
    publisher = Publisher(NOBODY, app_id="portal")
    with pytest.raises(Invalid, match=r"at most 255 bytes in UTF-8; this one has 256\.") as told:
        await publisher.publish_body("ticket.closed", b"{}", content_type="application/json", message_id=message_id)
    assert told.value.field == "message_id"


async def test_an_id_of_255_bytes_is_sent() -> None:
    """As far as there is somebody to send it to."""
    publisher = Publisher(NOBODY, app_id="portal", attempts_max=1)
    with pytest.raises(BrokerAway):
        await publisher.publish_body("ticket.closed", b"{}", content_type="application/json", message_id="m" * 255)
