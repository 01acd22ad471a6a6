"""The machine of a registration: what lacks, where it stands, what it takes (R4–R13)."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product
from typing import get_args

import pytest

from handlers.rules.policy import Policy
from handlers.rules.registering import (
    MACHINE,
    PENDING,
    Closed,
    Facts,
    Judged,
    lacks,
    lateness,
    standing,
    wanted_of_applicant,
)
from handlers.rules.roles import Role, standard_roles

EVERYTHING = Role(
    name="Everything", profile="everything", group="Healthcare Professional", fields=(), credentials=frozenset(),
    documents=True, supervisor=True, agency_list=True, training=True, authorised=True, queries="yes",
)  # fmt: skip
ACCEPTED = {"identity_form": Judged("accepted"), "photo_id": Judged("accepted")}
STEPS: dict[str, Facts] = {
    "is_verified": Facts(is_verified=True),
    "documents": Facts(documents=ACCEPTED),
    "is_supervisor_approved": Facts(is_supervisor_approved=True),
    "is_listed": Facts(is_listed=True),
    "is_authorised": Facts(is_authorised=True),
}
ORDER = ("email_verification", "documents", "supervisor", "agency_list", "authorisation")
COMPLETE = Facts(True, ACCEPTED, True, True, True)


def _with(facts: Facts, name: str) -> Facts:
    return replace(facts, **{name: getattr(STEPS[name], name)})


def test_the_order_of_arrival_does_not_matter() -> None:
    """Whatever comes first, the registration stands at the first thing that is still missing."""
    for order in permutations(STEPS):
        facts = Facts()
        for done, name in enumerate(order, 1):
            facts = _with(facts, name)
            missing = [state for step, state in zip(STEPS, ORDER, strict=True) if step not in order[:done]]
            assert standing(facts, EVERYTHING) == (missing[0] if missing else "administrator")


@pytest.mark.parametrize("name", [role.name for role in standard_roles()])
def test_a_role_passes_only_what_it_needs(name: str) -> None:
    """What a role does not ask for is never lacked, whatever the facts."""
    role = standard_roles().named(name)
    needed = {"email_verification"}
    needed |= {"documents"} if role.documents else set()
    needed |= {"supervisor"} if role.supervisor else set()
    needed |= {"agency_list"} if role.agency_list else set()
    needed |= {"authorisation"} if role.authorised else set()
    for flags in product([False, True], repeat=4):
        facts = Facts(flags[0], {}, *flags[1:])
        assert {lack.state for lack in lacks(facts, role)} <= needed
    assert {lack.state for lack in lacks(Facts(), role)} == needed
    assert lacks(COMPLETE, role) == ()


@pytest.mark.parametrize("facts", [Facts(is_verified=True), replace(COMPLETE, has_open_question=True)])
def test_r6_a_question_pauses_wherever_the_registration_is(facts: Facts) -> None:
    """And nothing is forgotten when it is answered."""
    asked = replace(facts, has_open_question=True)
    assert standing(asked, EVERYTHING) == "information"
    assert standing(replace(asked, has_open_question=False), EVERYTHING) in ("documents", "administrator")


@pytest.mark.parametrize(
    ("state", "stands", "code"),
    [
        (None, "documents", "document_missing"),
        (Judged("deficient", ("signature",)), "documents", "document_deficient"),
        (Judged("received"), "administrator", "document_not_accepted"),
        (Judged("accepted"), "administrator", None),
    ],
)
def test_r4_both_documents_must_be_accepted(state: Judged | None, stands: str, code: str | None) -> None:
    """One that arrived is the administrator's turn; one that is missing or deficient the applicant's."""
    documents = {"identity_form": Judged("accepted")} | ({} if state is None else {"photo_id": state})
    facts = replace(COMPLETE, documents=documents)
    assert standing(facts, EVERYTHING) == stands
    assert [(lack.code, lack.field) for lack in lacks(facts, EVERYTHING)] == (
        [(code, "documents.photo_id")] if code else []
    )


def test_r12_the_programme_s_turn_is_not_asked_of_the_applicant() -> None:
    """An applicant is reminded of what they, or somebody they know, must do."""
    facts = replace(
        COMPLETE, documents={**ACCEPTED, "photo_id": Judged("received")}, is_authorised=False, is_listed=False
    )
    assert [lack.code for lack in lacks(facts, EVERYTHING)] == ["not_listed", "not_authorised", "document_not_accepted"]
    (wanted,) = wanted_of_applicant(facts, EVERYTHING)
    assert "official of your agency" in wanted


def test_the_machine_knows_every_state() -> None:
    """Each arrival has a word for each state; what is closed takes nothing that changes the decision."""
    states = PENDING | set(get_args(Closed))
    assert all(set(row) == states for row in MACHINE.values())
    for arrives, row in MACHINE.items():
        for closed in get_args(Closed):
            is_kept = closed == "approved" and arrives in ("supervisor_decided", "training_completed")
            assert row[closed] == ("taken" if is_kept else "not_pending")


def test_r13_no_administrator_sees_an_unverified_address() -> None:
    """Whatever an administrator does to a registration is too early before that."""
    acts = ("document_judged", "want_information", "reject", "approve")
    assert {MACHINE[act]["email_verification"] for act in acts} == {"not_ready"}


@pytest.mark.parametrize(
    ("days", "word"), [(0, "in_time"), (14, "in_time"), (15, "late"), (21, "late"), (22, "overdue"), (400, "overdue")]
)
def test_r11_older_than_two_weeks_is_late_than_three_overdue(days: int, word: str) -> None:
    """The numbers are settings."""
    assert lateness(days, Policy()) == word
