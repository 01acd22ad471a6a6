"""What is installed from a wheel is whole: everything the packages read at run time is in it, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("workers", "messages", "handlers", "notifier", "store")


def builder(folder: Path) -> Sequence[str]:
    """The command that builds the wheel into a folder: the build backend itself where it is, else what deploy/setup uses."""
    if find_spec("hatchling") is not None:
        return [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    if (uv := shutil.which("uv")) is not None:
        return [uv, "build", "--quiet", "--wheel", "--out-dir", str(folder), "."]
    if find_spec("pip") is None:
        subprocess.run([sys.executable, "-m", "ensurepip"], check=True, capture_output=True)
    return [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), "."]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel of this tree holds."""
    built, folder = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("installed")
    done = subprocess.run(builder(built), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def files(folder: Path) -> set[str]:
    """Every file in a folder, metadata aside."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in found if not path.parts[0].endswith(".dist-info")}


def test_the_wheel_holds_the_five_packages_whole(installed: Path) -> None:
    """Every file that git knows of them, be it code, SQL, migration, template or table, and no test and no benchmark."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGES],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    known = {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}
    assert files(installed) == known
    for needed in ("*.sql", "migrations/*.sql", "notice.toml", "*.html", "*.txt", "fields.csv"):
        assert list(installed.rglob(needed)), f"no {needed}: this test looks in the wrong place"


def test_what_the_wheel_installs_works_without_the_tree(installed: Path, tmp_path: Path) -> None:
    """The command makes a store and shows it, every notice and every kind is found, all from the installed files."""
    script = (
        "import sys, workers; from handlers.registry import handlers; from notifier.catalogue import catalogue; "
        "from workers.cli import main; assert handlers() and catalogue(); print(workers.__file__); "
        "sys.exit(main(['migrate']) or main(['reconcile']))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(installed), "PMP_STORE": str(tmp_path / "pmp.db"), "PMP_AMQP_URL": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith(str(installed))
    assert "Clean" in done.stdout
