"""Reads tables out of files, works with rows, and writes them to files."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, ClassVar

from scheduler.core.actions import ActionSpec
from scheduler.core.errors import ArtifactNotFoundError, FileMissingError, InvalidInputError, UnknownActionError
from scheduler.core.task_executor_interface import Verification, parse_params
from scheduler.core.todo import ToDo
from scheduler.executors import data_actions as actions
from scheduler.executors.base_executor import AD_HOC, BaseExecutor, ExecutionContext, Performed
from scheduler.executors.data_actions import MAX_ROWS, ReadTable
from scheduler.executors.data_csv import write_csv
from scheduler.executors.data_reading import chosen, tables_of
from scheduler.executors.data_tables import Table, check_columns, join, select
from scheduler.executors.data_values import plain
from scheduler.executors.file_root import FileRoot
from scheduler.executors.file_sources import FileSources
from scheduler.executors.files import ArtifactStore

MAX_SOURCE_BYTES = 50_000_000

_Step = Callable[[ToDo, ExecutionContext], dict[str, Any]]


class DataExecutor(BaseExecutor):
    """Does the `data.*` actions on files below `root` and on artifacts. None has an effect but the files it writes."""

    actions: ClassVar[tuple[ActionSpec, ...]] = actions.DATA_ACTIONS

    def __init__(self, *, root: Path, artifacts: ArtifactStore) -> None:
        self._sources = FileSources(FileRoot(root), artifacts)
        self._artifacts = artifacts
        self._steps: Mapping[str, _Step] = {
            actions.READ_TABLE.name: self._read_table,
            actions.EXTRACT_TABLE.name: self._extract_table,
            actions.WRITE_TABLE.name: self._write_table,
            actions.SELECT.name: self._select,
            actions.JOIN.name: self._join,
            actions.READ_PDF.name: self._read_pdf,
        }

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        """Do the step. Raises FileMissingError, PathForbiddenError, TableUnreadableError or InvalidInputError."""
        if todo.action not in self._steps:
            raise UnknownActionError(todo.action, field="action", known=self._steps)
        return Performed(result=await asyncio.to_thread(self._steps[todo.action], todo, context))

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        """Do it again: the same input gives the same rows, and the same file under the same name."""
        try:
            return Verification(happened=True, result=(await self.perform(todo, context)).result)
        except (FileMissingError, ArtifactNotFoundError) as error:
            return Verification(happened=False, detail=str(error))

    def _read_table(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        table = self._table(todo, parse_params(ReadTable, todo))
        return _shown(table) | {"table": table.name}

    def _extract_table(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(actions.ExtractTable, todo)
        table = self._table(todo, params)
        stem = PurePath(params.name or self._sources.name(params.source)).stem
        kept = self._keep(context, f"{stem}.{params.format}", table, todo)
        return _shown(table) | {"table": table.name} | kept

    def _write_table(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(actions.WriteTable, todo)
        table = Table.of(params.name, params.rows)
        if params.columns:
            columns = list(params.columns)
            table = Table(params.name, columns, [[row.get(column) for column in columns] for row in params.rows])
        kept = self._keep(context, params.name, table, todo, params.delimiter, params.decimal)
        return kept | {"count": len(table.cells)}

    def _select(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(actions.SelectRows, todo)
        table = Table.of("", params.rows)
        if table.columns:
            named = [*params.columns, *(name.removeprefix("-") for name in params.sort_by)]
            check_columns(table, [*named, *(one.column for one in params.where)], f"{todo.id}.params")
        return _shown(
            select(table, where=params.where, columns=params.columns, sort_by=params.sort_by, limit=params.limit)
        )

    def _join(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(actions.JoinTables, todo)
        left, right = Table.of("left", params.left), Table.of("right", params.right)
        for table in (left, right):
            if table.cells:
                check_columns(table, [params.on], f"{todo.id}.params.on")
        return _shown(join(left, right, params.on, keep_all=params.keep_all, most=MAX_ROWS, field=f"{todo.id}.params"))

    def _read_pdf(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(actions.ReadPdf, todo)
        source = self._sources.read(params.source, MAX_SOURCE_BYTES, f"{todo.id}.params.source")
        from scheduler.executors.data_pdf import read_pdf  # noqa: PLC0415 - PDF takes long to import, and few services need it

        return read_pdf(source.name, source.content, params.pages)

    def _table(self, todo: ToDo, params: ReadTable) -> Table:
        field = f"{todo.id}.params"
        source = self._sources.read(params.source, MAX_SOURCE_BYTES, f"{field}.source")
        return chosen(tables_of(source, params, field), params.table, source.name)

    def _keep(
        self,
        context: ExecutionContext,
        name: str,
        table: Table,
        todo: ToDo,
        delimiter: str = ";",
        decimal: str = ",",
    ) -> dict[str, Any]:
        content = _written(name, table, f"{todo.id}.params.name", delimiter, decimal)
        address = self._artifacts.save(context.job_id, context.task_id, name, content)
        return {"artifact": address, "name": self._artifacts.name_of(address)}


def _written(name: str, table: Table, field: str, delimiter: str, decimal: str) -> bytes:
    cells: Sequence[Sequence[Any]] = [[plain(cell) for cell in row] for row in table.cells]
    suffix = PurePath(name).suffix.casefold()
    if suffix == ".xlsx":
        from scheduler.executors.data_xlsx import write_xlsx  # noqa: PLC0415 - as above, Excel

        return write_xlsx(table.columns, cells)
    if suffix == ".csv":
        return write_csv(table.columns, cells, delimiter=delimiter, decimal=decimal)
    if suffix == ".tsv":
        return write_csv(table.columns, cells, delimiter="\t", decimal=decimal)
    if suffix == ".json":
        return json.dumps(table.rows, ensure_ascii=False, indent=1).encode()
    raise InvalidInputError(field, "the name must end with .csv, .tsv, .xlsx or .json")


def _shown(table: Table) -> dict[str, Any]:
    return {"columns": table.columns, "rows": table.rows[:MAX_ROWS], "count": len(table.cells)}
