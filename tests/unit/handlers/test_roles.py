"""Roles are data, found as people write them, and changed by a site's own file (R3–R10)."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers.rules.roles import load_roles, standard_roles
from messages.errors import Misconfigured
from messages.registration import Applicant


def test_all_roles_of_the_manual_are_there() -> None:
    """Nineteen healthcare professionals, nine of law enforcement, the registry, and Admin."""
    groups = [role.group for role in standard_roles()]
    assert [groups.count(group) for group in ("Healthcare Professional", "Law Enforcement", "Other", "System Admin")] == [
        19, 9, 1, 1,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "written",
    [
        "Prescriber Delegate – Licensed",
        "Prescriber Delegate - Licensed",
        "prescriber delegate-licensed",
        "Prescriber  Delegate — Licensed ",
    ],
)
def test_a_dash_is_as_good_as_a_hyphen(written: str) -> None:
    """And neither case nor spaces count."""
    role = standard_roles().find(written)
    assert role is not None
    assert role.name == "Prescriber Delegate – Licensed"


@pytest.mark.parametrize("written", ["Physician", "Assistant", "Physician ; Assistant", "", "Pharmacy"])
def test_what_is_no_role_is_none(written: str) -> None:
    """The manual's slip makes one role of two halves: the halves are none."""
    assert standard_roles().find(written) is None


def test_r3_the_form_s_missing_fields_are_named() -> None:
    """Those that the role asks for and no others."""
    role = standard_roles().named("Pharmacist")
    applicant = Applicant(first_name="Robin", last_name="Example", phone="(555) 010-0101", license_number="P-1")
    assert role.missing(applicant) == ("date_of_birth", "employer_name", "employer_address")


@pytest.mark.parametrize(
    ("name", "supervisor", "training", "queries"),
    [
        ("Podiatrist", False, False, "yes"),
        ("Prescriber Delegate – Unlicensed", True, False, "for_supervisor"),
        ("State Police", False, True, "with_case"),
        ("Medical Marijuana Registry", False, False, "registry"),
        ("Admin", False, False, "no"),
    ],
)
def test_each_group_has_its_own_way_in(name: str, supervisor: bool, training: bool, queries: str) -> None:
    """R7: supervisors; R8, R9: training; R24: case numbers."""
    role = standard_roles().named(name)
    assert (role.supervisor, role.training, role.queries) == (supervisor, training, queries)


def test_a_site_changes_what_it_names(tmp_path: Path) -> None:
    """Key by key; everything else stays."""
    file = tmp_path / "roles.toml"
    file.write_text(
        '[profile.pharmacist]\nfields = ["phone"]\n[profile.nurse]\ngroup = "Other"\nfields = []\ncredentials = []\n'
        'queries = "no"\n[role]\n"School Nurse" = "nurse"\n'
    )
    roles = load_roles(file)
    assert roles.named("Pharmacist").fields == ("phone",)
    assert roles.named("Pharmacist").documents
    assert roles.named("School Nurse").queries == "no"
    assert roles.named("Dentist") == standard_roles().named("Dentist")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[profile.pharmacist]\nfields = ["shoe_size"]\n', "pharmacist"),
        ('[role]\n"School Nurse" = "nurse"\n', "School Nurse"),
        ("[role\n", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    """At start, not at the first registration."""
    file = tmp_path / "roles.toml"
    file.write_text(text)
    with pytest.raises(Misconfigured, match=named):
        load_roles(file)
