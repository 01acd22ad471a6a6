"""The help desk's promises: response and resolution of each ticket, one pair a period, with what was said about them."""

from __future__ import annotations

from typing import Literal

What = Literal["response", "resolution"]
