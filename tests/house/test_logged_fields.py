"""What is logged is on the allow-list: a field that is not would be dropped, and its event's reason with it."""

from __future__ import annotations

import ast
from pathlib import Path

from workers.logs import ALLOWED

ROOT = Path(__file__).resolve().parents[2]


def test_every_field_that_is_logged_is_allowed() -> None:
    """Each keyword of each call of a module's ``log``, in all the code there is."""
    fields = {
        (path.relative_to(ROOT).as_posix(), keyword.arg)
        for floor in ("workers", "handlers", "store", "notifier", "messages")
        for path in (ROOT / floor).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "log"
        for keyword in call.keywords
    }
    assert ("workers/patience.py", "reason") in fields
    assert [(path, field) for path, field in sorted(fields, key=str) if field not in ALLOWED] == []
