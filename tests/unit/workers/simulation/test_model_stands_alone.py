"""The model shares nothing with what it is laid beside, so that no slip can be made once for both."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from workers.simulation import model

MAY_USE = ("messages", "workers.simulation.model", "workers.simulation.said")
OURS = ("handlers", "messages", "notifier", "store", "tests", "workers")


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name}: a relative import"
            yield from (f"{node.module}.{one.name}" for one in node.names)


def test_the_model_knows_messages_and_what_was_said_alone() -> None:
    """Neither handlers nor store, nor anything of the workers besides what was said."""
    files = sorted(Path(model.__file__).parent.glob("*.py"))
    used = {(file.name, name) for file in files for name in _imported(file) if name.split(".")[0] in OURS}

    assert len(files) > 10
    assert [one for one in sorted(used) if not any(f"{one[1]}.".startswith(f"{may}.") for may in MAY_USE)] == []
