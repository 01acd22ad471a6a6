"""The tables of what may be done are complete: every state, every act, every kind of message."""

from __future__ import annotations

from typing import get_args

import pytest

from handlers.outcomes import Refuse
from handlers.rules import conduct as conduct_rules
from handlers.rules import tickets as ticket_rules
from messages.registry import kinds
from store import conduct, tickets


def _acts(family: str) -> set[str]:
    return {kind.removeprefix(f"{family}.") for kind, model in kinds().items() if model.family == family}


@pytest.mark.parametrize("state", get_args(tickets.State))
def test_r75_a_ticket_s_table_knows_every_act(state: tickets.State) -> None:
    """Each message about a ticket but its opening is an act of the table, in every state."""
    assert set(ticket_rules.NEXT[state]) == set(get_args(tickets.Act)) == _acts("ticket") - {"opened"}


@pytest.mark.parametrize("state", get_args(conduct.State))
def test_r25_a_case_s_table_knows_every_act(state: conduct.State) -> None:
    """Likewise."""
    assert set(conduct_rules.NEXT[state]) == set(get_args(conduct.Act)) == _acts("conduct") - {"reported"}


def test_every_state_can_be_reached_and_left() -> None:
    """A closed ticket opens again; a case that has its outcome keeps it."""
    reached = {to for row in ticket_rules.NEXT.values() for to in row.values() if not isinstance(to, Refuse)}
    assert reached == set(get_args(tickets.State))
    left = {to for to in conduct_rules.NEXT["closed"].values() if not isinstance(to, Refuse)}
    assert left == {"closed"}
