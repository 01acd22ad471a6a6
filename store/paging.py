"""Long answers are read by the page, each beginning where the one before it ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from store.contract import Row, Transaction, Value

Key = Mapping[str, tuple[str, Value]]
"""By parameter of a query, the column of a page's last row that it takes up, and its value before the first row."""


async def paged(
    tx: Transaction, statement: str, *, page: int, after: Key, **values: Value
) -> AsyncIterator[Sequence[Row]]:
    """Yield the rows of a query in its order, a page at a time; an empty page is not yielded.

    A row that is there from first page to last comes once, whatever is added and deleted between two pages; one whose key
    changes meanwhile is met where it then stands. A late page costs what the first did: the rows before it are not counted,
    it takes up behind the last one's key. For this the query is ordered by that key, which no two rows share, answers only
    what stands behind it, and ends with ``LIMIT :most``.

    Args:
        tx: the transaction.
        statement: the query.
        page: how many rows a page holds at most.
        after: what the query is ordered by.
        values: the query's other parameters.
    """
    key = {parameter: first for parameter, (_, first) in after.items()}
    while rows := await tx.rows(statement, **values, **key, most=page):
        yield rows
        if len(rows) < page:
            return
        key = {parameter: rows[-1][column] for parameter, (column, _) in after.items()}
