"""SQL is read from its files once and written in each engine's dialect."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from store.statements import Engine, migrations, script_parts, statements

ENGINES: list[Engine] = ["sqlite", "postgres"]


@pytest.mark.parametrize(("engine", "mark"), [("sqlite", r"\?(\d+)"), ("postgres", r"\$(\d+)")])
def test_parameters_are_numbered_as_they_appear(engine: Engine, mark: str) -> None:
    """Each number from one to the last is there, a name used twice has one number, and none keeps its name."""
    for name, statement in statements(engine).items():
        numbers = [int(number) for number in re.findall(mark, statement.sql)]
        assert list(dict.fromkeys(numbers)) == list(range(1, len(statement.parameters) + 1)), name
        assert not re.search(r"(?<![:\w]):[a-z]", statement.sql), name


@pytest.mark.parametrize("engine", ENGINES)
def test_a_statement_holds_no_comment_and_no_end(engine: Engine) -> None:
    """What the file says to its reader stays in the file."""
    for name, statement in statements(engine).items():
        assert "--" not in statement.sql, name
        assert ";" not in statement.sql, name


def test_a_cast_is_no_parameter() -> None:
    """``::bigint`` stays what it is."""
    claim = statements("postgres")["inbox.claim"]
    assert "::bigint" in claim.sql
    assert set(claim.parameters) == {"received_at", "messages"}


def test_an_engine_sees_only_its_own_variant() -> None:
    """The same name, other words."""
    assert "SKIP LOCKED" in statements("postgres")["outbox.lease"].sql
    assert "SKIP LOCKED" not in statements("sqlite")["outbox.lease"].sql


def test_a_plain_insert_has_a_bulk_way() -> None:
    """Its rows may come from a staging table instead; what follows VALUES stays."""
    stage = statements("postgres")["outbox.stage"]
    assert stage.table == "outbox"
    assert stage.columns[:3] == ("channel", "name", "destination")
    assert stage.columns == stage.parameters
    sql = stage.from_staging("staging_outbox")
    assert "FROM staging_outbox WHERE true" in sql
    assert sql.endswith("ON CONFLICT DO NOTHING")
    assert "VALUES" not in sql
    assert statements("postgres")["outbox.settle"].table is None


def test_the_bulk_inserts_take_their_columns_in_order() -> None:
    """Whoever binds a row in the order of the parameters binds it in the order of the columns."""
    for name in ("outbox.stage", "dispensations.insert"):
        statement = statements("sqlite")[name]
        assert statement.columns == statement.parameters


def test_statements_cannot_be_changed() -> None:
    """They are read once for the whole process."""
    with pytest.raises(TypeError):
        statements("sqlite")["inbox.claim"] = statements("sqlite")["inbox.seen"]  # type: ignore[index]
    assert statements("sqlite") is statements("sqlite")


@pytest.mark.parametrize("engine", ENGINES)
def test_migrations_come_in_order_and_leave_no_gap(engine: Engine) -> None:
    """Their numbers count up from one, and no word for the other engine is left in them."""
    names = [name for name, _ in migrations(engine)]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert not [name for name, script in migrations(engine) if "{" in script]


def test_a_script_is_split_into_its_statements() -> None:
    """Comments are left out, also one that holds a semicolon."""
    script = "-- one; not a statement\nCREATE TABLE a (b TEXT);\n\n-- two\nCREATE INDEX c ON a (b);\n"
    assert script_parts(script) == ("CREATE TABLE a (b TEXT)", "CREATE INDEX c ON a (b)")


def test_every_statement_is_asked_for_somewhere() -> None:
    """What nobody asks for is not kept."""
    code = "".join(
        file.read_text("utf-8") for package in ("store", "handlers", "workers") for file in _python_files(package)
    )
    unused = {name for name in statements("sqlite") if f'"{name}"' not in code}
    assert not unused


def _python_files(package: str) -> list[resources.abc.Traversable]:
    found, folders = [], [resources.files(package)]
    while folders:
        for entry in folders.pop().iterdir():
            if entry.is_dir():
                folders.append(entry)
            elif entry.name.endswith(".py"):
                found.append(entry)
    return found
