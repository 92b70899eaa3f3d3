"""What can be asked of the data executor: its actions and their parameters."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from scheduler.core.actions import ActionSpec
from scheduler.executors.data_tables import Where
from scheduler.executors.file_actions import PathText

MAX_ROWS = 1_000
"""What a result holds at most: results are stored with the job. A file that is written holds them all."""

_FORMATS = {"excel": "xlsx", "xls": "xlsx", "text": "csv"}


def _format(value: object) -> object:
    name = value.casefold() if isinstance(value, str) else value
    return _FORMATS.get(name, name) if isinstance(name, str) else name


def _pages(value: object) -> object:
    return [value] if isinstance(value, int) else value


Format = Annotated[Literal["csv", "tsv", "xlsx", "json"], BeforeValidator(_format)]
Rows = Annotated[tuple[dict[str, Any], ...], Field(max_length=MAX_ROWS)]
Pages = Annotated[
    tuple[Annotated[int, Field(ge=1, le=100_000, strict=True)], ...], BeforeValidator(_pages), Field(max_length=500)
]
Names = tuple[Annotated[str, Field(min_length=1, max_length=200)], ...]
FileName = Annotated[str, Field(min_length=1, max_length=200)]


class DataParams(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReadTable(DataParams):
    """`source` is a CSV, XLSX, PDF or HTML file, or an artifact. `table` says which one: words or a number from 1.

    `delimiter`, `decimal` and `encoding` are of CSV and are found out when not given.
    """

    source: PathText
    table: str | int | None = None
    pages: Pages = ()
    header: StrictBool = True
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    decimal: Literal[",", "."] | None = None
    encoding: str | None = None


class ExtractTable(ReadTable):
    """The table is kept as a file of that `format`; its `name` comes from the source when not given."""

    format: Format = "xlsx"
    name: FileName | None = None


class WriteTable(DataParams):
    """`name` says the format: csv, tsv, xlsx or json. CSV gets semicolons and decimal commas, as in Germany."""

    rows: Rows
    columns: Names = ()
    name: FileName
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ";"
    decimal: Literal[",", "."] = ","


class SelectRows(DataParams):
    """Rows for which every condition holds, in the order of `sort_by` (`-amount` is downwards)."""

    rows: Rows
    where: tuple[Where, ...] = ()
    columns: Names = ()
    sort_by: Names = ()
    limit: Annotated[int, Field(ge=1, le=MAX_ROWS, strict=True)] | None = None


class JoinTables(DataParams):
    """Rows of both that agree in the column `on`; with `keep_all` those of `left` without a partner as well."""

    left: Rows
    right: Rows
    on: Annotated[str, Field(min_length=1, max_length=200)]
    keep_all: StrictBool = False


class ReadPdf(DataParams):
    source: PathText
    pages: Pages = ()


_TABLE = frozenset({"columns", "rows", "count"})
READ_TABLE = ActionSpec(
    name="data.read_table",
    description="Read a table of a CSV, XLSX, PDF or HTML file into rows",
    params=ReadTable,
    repeatable=True,
    result=_TABLE | {"table"},
)
EXTRACT_TABLE = ActionSpec(
    name="data.extract_table",
    description="Get a table out of a CSV, XLSX, PDF or HTML file into rows and a file",
    params=ExtractTable,
    repeatable=True,
    result=_TABLE | {"table", "artifact", "name"},
)
WRITE_TABLE = ActionSpec(
    name="data.write_table",
    description="Write rows to a CSV, XLSX or JSON file, which is an artifact",
    params=WriteTable,
    repeatable=True,
    result=frozenset({"artifact", "name", "count"}),
)
SELECT = ActionSpec(
    name="data.select",
    description="Choose rows and columns of a table and sort them",
    params=SelectRows,
    repeatable=True,
    result=_TABLE,
)
JOIN = ActionSpec(
    name="data.join",
    description="Join two tables by a column",
    params=JoinTables,
    repeatable=True,
    result=_TABLE,
)
READ_PDF = ActionSpec(
    name="data.read_pdf",
    description="Read text and metadata of a PDF",
    params=ReadPdf,
    repeatable=True,
    result=frozenset({"text", "pages", "metadata", "truncated"}),
)

DATA_ACTIONS = (READ_TABLE, EXTRACT_TABLE, WRITE_TABLE, SELECT, JOIN, READ_PDF)
