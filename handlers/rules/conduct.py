"""What may be done about a case of conduct, as data: state × act → next state, or the reason why not (R25, R64).

::

                  noted              noted, referred
                  ┌──┐                   ┌──┐
                  │  ▼     referred      │  ▼     outcome recorded              noted
    reported ───▶ open ───────────────▶ referred ───────────────────▶ closed ◀──────┐
                   │                                                  ▲  │          │
                   └──────────────────────────────────────────────────┘  └──────────┘
                                    outcome recorded

A case may be referred more than once, to several agencies. An outcome is final: what is learned later is noted beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from handlers.outcomes import Refuse
from store.conduct import Act, State

IS_CLOSED = Refuse("case_closed", "The case has its outcome; only notes are added to it.", field="case_id")

_Row = MappingProxyType[Act, State | Refuse]

NEXT: Mapping[State, Mapping[Act, State | Refuse]] = MappingProxyType(
    {
        "open": _Row({"noted": "open", "referred": "referred", "outcome_recorded": "closed"}),
        "referred": _Row({"noted": "referred", "referred": "referred", "outcome_recorded": "closed"}),
        "closed": _Row({"noted": "closed", "referred": IS_CLOSED, "outcome_recorded": IS_CLOSED}),
    }
)
