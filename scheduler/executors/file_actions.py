"""What can be asked of the file executor: its actions, their parameters, their risk, and which may be repeated."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from scheduler.core.actions import ActionSpec, Risk

Kind = Literal["pdf", "document", "table", "presentation", "picture", "archive", "mail"]
PathText = Annotated[str, Field(min_length=1, max_length=4_096)]


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


Paths = Annotated[tuple[PathText, ...], BeforeValidator(_one_or_many), Field(min_length=1, max_length=1_000)]


class FileParams(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FindFile(FileParams):
    """`pattern` is a glob or words; `folder` is where to look, everywhere if empty.

    `since` and `until` are days on which the file was changed last, both included. With `one` a single file is wanted:
    which of several is asked, unless it is the `newest`.
    """

    pattern: Annotated[str, Field(max_length=500)] = ""
    folder: str = ""
    kind: Kind | None = None
    since: date | None = None
    until: date | None = None
    one: StrictBool = False
    newest: StrictBool = False

    @model_validator(mode="after")
    def _says_something(self) -> "FindFile":
        if not (self.pattern.strip() or self.kind or self.since or self.until):
            raise ValueError("say a pattern, a kind or a date")
        return self


class CopyFile(FileParams):
    """`source` is a path or an artifact; a `destination` that ends with `/` or is a folder keeps the name.

    Another file at the destination is left alone unless `overwrite` is set.
    """

    source: PathText
    destination: PathText
    overwrite: StrictBool = False


class MoveFile(FileParams):
    """`source` is a file or a folder; the rest is as for a copy, but what is at the destination is never replaced."""

    source: PathText
    destination: PathText


class ReadFile(FileParams):
    """`path` may be an artifact. Without `encoding` UTF-8 is tried, then the Windows code page of Western Europe."""

    path: PathText
    encoding: str | None = None


class OneFile(FileParams):
    path: PathText


class ZipFiles(FileParams):
    """`sources` are files, folders and artifacts; `name` is that of the archive."""

    sources: Paths
    name: Annotated[str, Field(min_length=1, max_length=200)] = "archive.zip"


class UnzipFile(FileParams):
    """`source` is a path or an artifact; other files that are in the `folder` already are left alone."""

    source: PathText
    folder: PathText


_PATH = frozenset({"path"})
_ARTIFACT = frozenset({"artifact", "name"})
FIND = ActionSpec(
    name="file.find",
    description="Find files by name, kind and date",
    params=FindFile,
    repeatable=True,
    result=frozenset({"path", "paths", "count"}),
)
COPY = ActionSpec(
    name="file.copy",
    description="Copy a file or an artifact to a place",
    params=CopyFile,
    risk=Risk.MEDIUM,
    repeatable=True,
    result=_PATH,
)
MOVE = ActionSpec(
    name="file.move",
    description="Move or rename a file or a folder",
    params=MoveFile,
    risk=Risk.MEDIUM,
    result=_PATH,
)
READ = ActionSpec(
    name="file.read",
    description="Read a text file",
    params=ReadFile,
    repeatable=True,
    result=frozenset({"text", "bytes"}),
)
ATTACH = ActionSpec(
    name="file.attach", description="Make a file an artifact", params=OneFile, repeatable=True, result=_ARTIFACT
)
MKDIR = ActionSpec(name="file.mkdir", description="Make a folder", params=OneFile, repeatable=True, result=_PATH)
ZIP = ActionSpec(
    name="file.zip",
    description="Pack files, folders and artifacts into a zip archive, which is an artifact",
    params=ZipFiles,
    repeatable=True,
    result=_ARTIFACT | {"count"},
)
UNZIP = ActionSpec(
    name="file.unzip",
    description="Unpack a zip archive into a folder",
    params=UnzipFile,
    risk=Risk.MEDIUM,
    repeatable=True,
    result=frozenset({"folder", "paths", "count"}),
)
DELETE = ActionSpec(
    name="file.delete",
    description="Delete a file or an empty folder for good",
    params=OneFile,
    risk=Risk.HIGH,
    repeatable=True,
    result=_PATH,
)

FILE_ACTIONS = (FIND, COPY, MOVE, READ, ATTACH, MKDIR, ZIP, UNZIP, DELETE)
