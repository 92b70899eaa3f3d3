"""Makes PDFs of documents."""

from pathlib import PurePath
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from scheduler.core.actions import ActionSpec
from scheduler.core.errors import ArtifactNotFoundError, FileMissingError, UnknownActionError
from scheduler.core.references import REFERENCE
from scheduler.core.task_executor_interface import Verification, parse_params
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import AD_HOC, BaseExecutor, ExecutionContext, Performed
from scheduler.executors.file_actions import PathText
from scheduler.executors.file_sources import FileSources
from scheduler.executors.libreoffice import CONVERTIBLE, LibreOffice

MAX_SOURCE_BYTES = 100_000_000


class ExportPdf(BaseModel):
    """`source` may be an artifact; `name` is that of the PDF, else it is called like the source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: PathText
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None


EXPORT_PDF = ActionSpec(
    name="document.export_pdf",
    description="Make a PDF of an office document",
    params=ExportPdf,
    repeatable=True,
    result=frozenset({"artifact", "name", "bytes"}),
)


class DocumentExecutor(BaseExecutor):
    """Does `document.export_pdf`; the PDF is an artifact."""

    actions: ClassVar[tuple[ActionSpec, ...]] = (EXPORT_PDF,)

    def __init__(self, *, sources: FileSources, office: LibreOffice) -> None:
        self._sources = sources
        self._office = office

    def require(self, todo: ToDo) -> None:
        """Raise ProgramMissingError without LibreOffice, unless it may be a PDF already."""
        source = str(todo.params.get("source"))
        if PurePath(source).suffix.casefold().removeprefix(".") in CONVERTIBLE and not REFERENCE.search(source):
            self._office.find()

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        """Do the step. Raises FileMissingError, PathForbiddenError, ProgramMissingError or ConversionFailedError."""
        params = self._params(todo)
        source = self._sources.read(params.source, MAX_SOURCE_BYTES, f"{todo.id}.params.source")
        content = source.content
        if not content.startswith(b"%PDF"):
            suffix = PurePath(source.name).suffix.casefold().removeprefix(".")
            content = await self._office.to_pdf(suffix, content, source.name)
        name = self._name(params)
        self._sources.artifacts.save(context.job_id, context.task_id, name, content)
        return Performed(result=self._result(name, context, len(content)))

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        """Say whether the PDF is there; it is written whole or not at all."""
        artifacts = self._sources.artifacts
        try:
            name = self._name(self._params(todo))
            place = artifacts.path_of(artifacts.address_of(context.job_id, context.task_id, name))
        except (FileMissingError, ArtifactNotFoundError) as error:
            return Verification(happened=False, detail=str(error))
        return Verification(happened=True, result=self._result(name, context, place.stat().st_size))

    def _params(self, todo: ToDo) -> ExportPdf:
        if todo.action != EXPORT_PDF.name:
            raise UnknownActionError(todo.action, field="action", known=[EXPORT_PDF.name])
        return parse_params(ExportPdf, todo)

    def _name(self, params: ExportPdf) -> str:
        name = params.name or PurePath(self._sources.name(params.source)).stem
        return name if name.casefold().endswith(".pdf") else f"{name}.pdf"

    def _result(self, name: str, context: ExecutionContext, size: int) -> dict[str, Any]:
        address = self._sources.artifacts.address_of(context.job_id, context.task_id, name)
        return {"artifact": address, "name": self._sources.artifacts.name_of(address), "bytes": size}
