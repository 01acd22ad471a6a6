"""The rules of the house that a command can check."""

from __future__ import annotations

import re
import subprocess
from importlib import resources
from pathlib import Path

import pytest

from handlers.registry import handlers
from handlers.sweeps.sweep import sweeps
from messages.registry import kinds
from notifier.catalogue import catalogue
from store.statements import migrations, statements
from workers.cli import COMMANDS
from workers.logs import ALLOWED

ROOT = Path(__file__).parents[2]
FLOORS = ("workers", "handlers", "store", "notifier", "messages")
LINES_MAX = 350


def committed(*patterns: str) -> list[Path]:
    """The files that git knows, or would at the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_file_grows_into_a_giant() -> None:
    """Each module stays under the limit; what is longer is split by responsibility."""
    long = [
        path.name
        for path in committed("*.py")
        if path.relative_to(ROOT).parts[0] in FLOORS and len(path.read_text().splitlines()) > LINES_MAX
    ]
    assert long == []


def test_every_kind_has_a_handler_and_every_sweep_its_hour() -> None:
    """The registries pair by name and refuse to start when one is missing."""
    assert set(handlers()) == set(kinds())
    assert sweeps()


def test_every_notice_that_is_staged_has_a_template() -> None:
    """What handlers and sweeps name stands in the catalogue."""
    named = set()
    for path in committed("handlers/*.py", "handlers/**/*.py"):
        text = path.read_text()
        named |= set(re.findall(r'notify\(\s*"([a-z_.]+)"', text))
        named |= set(re.findall(r'"mail",\s*"([a-z_.]+)"', text))
    assert named
    assert named <= {template.name for template in catalogue()}


@pytest.mark.parametrize("pattern", ["*.lock", "*requirements*", "*package-lock.json"])
def test_lock_files_hold_no_download_address(pattern: str) -> None:
    """A lock file says what, never where from."""
    assert [path.name for path in committed(pattern) if re.search(r"https?://", path.read_text())] == []


def test_no_file_names_a_path_of_this_machine() -> None:
    """The project can stand anywhere."""
    here = str(ROOT)
    named = [path.name for path in committed() if here.encode() in path.read_bytes()]
    assert named == []


def test_tests_neither_skip_nor_expect_to_fail() -> None:
    """A missing server fails; what is known to be broken is mended."""
    wrong = re.compile(r"pytest\.(skip|xfail)\(|mark\.(skip|xfail)")
    assert [path.name for path in committed("tests/*.py", "tests/**/*.py") if wrong.search(path.read_text())] == []


def test_what_the_packages_read_is_packed_with_them() -> None:
    """SQL, migrations, the ASAP table and templates are found through the installed packages."""
    assert statements("sqlite").keys() == statements("postgres").keys()
    assert [name for name, _ in migrations("sqlite")] == [name for name, _ in migrations("postgres")]
    assert resources.files("messages.asap").joinpath("fields.csv").is_file()
    assert catalogue()


def test_no_log_field_can_hold_a_value_of_a_message() -> None:
    """Only names on the allow-list are logged; none of them is a field of a person."""
    personal = {
        "email",
        "name",
        "first_name",
        "last_name",
        "patient",
        "body",
        "facts",
        "password",
        "subject",
        "recipient",
    }
    assert not ALLOWED & personal
    used = set()
    for path in committed("*.py"):
        if path.relative_to(ROOT).parts[0] in FLOORS:
            for call in re.findall(r"\blog\.(?:info|warning|error|critical)\(([^)]*)\)", path.read_text()):
                used |= set(re.findall(r"(\w+)=", call))
    assert used <= ALLOWED


@pytest.mark.parametrize("name", [*COMMANDS, *sweeps()])
def test_the_readme_names_every_command_and_sweep(name: str) -> None:
    """Each where its operator looks."""
    readme = (ROOT / "README.md").read_text()
    assert f"`pmp {name}" in readme or f"`{name}`" in readme or f"make {name} " in readme


def test_the_readme_lists_every_kind() -> None:
    """Each kind is listed where its sender looks."""
    readme = (ROOT / "README.md").read_text()
    assert [kind for kind in kinds() if f"`{kind}`" not in readme] == []
