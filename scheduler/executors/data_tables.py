"""A table as steps hand it on, and what may be done with one: choose rows and columns, sort, join."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from scheduler.core.errors import InvalidInputError
from scheduler.executors.data_values import Cell, Rows, sort_key

Comparison = Literal["=", "!=", "<", "<=", ">", ">=", "contains"]


@dataclass(frozen=True)
class Table:
    """A table with the name people know it by; each row has a cell for each column."""

    name: str
    columns: list[str]
    cells: list[list[Cell]]

    @property
    def rows(self) -> Rows:
        return [dict(zip(self.columns, row, strict=True)) for row in self.cells]

    @classmethod
    def of(cls, name: str, rows: Iterable[dict[str, Any]]) -> "Table":
        """Return the table of rows, which may lack columns."""
        listed = list(rows)
        columns = list(dict.fromkeys(column for row in listed for column in row))
        return cls(name, columns, [[row.get(column) for column in columns] for row in listed])


class Where(BaseModel):
    """One condition on a row; words are compared without regard to case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    is_: Comparison = "="
    value: Cell

    def holds(self, row: dict[str, Any]) -> bool:
        cell, value = row.get(self.column), self.value
        if self.is_ == "contains":
            return str(value).casefold() in str(cell if cell is not None else "").casefold()
        one, other = sort_key(cell), sort_key(value)
        if self.is_ in {"=", "!="}:
            return (one == other) is (self.is_ == "=")
        if one[0] != other[0]:  # a number is neither more nor less than a word
            return False
        return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[self.is_]


def select(
    table: Table, *, where: Sequence[Where], columns: Sequence[str], sort_by: Sequence[str], limit: int | None
) -> Table:
    """Return the rows for which all conditions hold; `-column` sorts downwards."""
    rows = [row for row in table.rows if all(condition.holds(row) for condition in where)]
    for name in reversed(sort_by):
        column = name.removeprefix("-")
        rows.sort(key=lambda row, column=column: sort_key(row.get(column)), reverse=name.startswith("-"))  # type: ignore[misc]
    wanted = list(columns) or table.columns
    return Table(table.name, wanted, [[row.get(column) for column in wanted] for row in rows[:limit]])


def join(left: Table, right: Table, on: str, *, keep_all: bool, most: int, field: str) -> Table:
    """Return the rows of both that agree in a column; with `keep_all` those of `left` without a partner too.

    A column both have is taken from `left`. Raises InvalidInputError for a result larger than `most` rows.
    """
    partners: dict[tuple[int, Any], list[dict[str, Cell]]] = {}
    for row in right.rows:
        partners.setdefault(sort_key(row.get(on)), []).append(row)
    added = [column for column in right.columns if column not in left.columns]
    rows: list[list[Cell]] = []
    for row in left.rows:
        found = partners.get(sort_key(row.get(on)), []) if row.get(on) is not None else []
        for partner in found or ([{}] if keep_all else []):
            rows.append([*row.values(), *(partner.get(column) for column in added)])
            if len(rows) > most:
                raise InvalidInputError(field, f"the result has more than {most} rows")
    return Table(left.name, [*left.columns, *added], rows)


def check_columns(table: Table, columns: Iterable[str], field: str) -> None:
    """Raise InvalidInputError that names the columns there are when one is not there."""
    strange = next((column for column in columns if column not in table.columns), None)
    if strange is not None:
        raise InvalidInputError(field, f"there is no column {strange!r}; there are: {', '.join(table.columns)}"[:500])
