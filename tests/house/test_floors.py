"""Imports go down only: workers, handlers, store and notifier, messages; and each library has one home."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CHECK = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def test_every_import_contract_is_kept() -> None:
    """The contracts stand in pyproject.toml; what breaks one is named in the output."""
    checked = subprocess.run(
        [sys.executable, "-c", _CHECK], cwd=ROOT, check=False, capture_output=True, text=True, timeout=100
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
