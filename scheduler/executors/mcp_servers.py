"""Which MCP servers this machine may use, and which of their tools are actions: `mcp.SERVER.TOOL`."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import jsonschema
import structlog
import yaml
from jsonschema.exceptions import SchemaError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from referencing import Registry
from referencing.exceptions import Unresolvable

from scheduler.core.actions import ActionSpec, Risk
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.problems import first_problem, unfit
from scheduler.core.sentences import Sentence
from scheduler.core.strict_yaml import read_strictly
from scheduler.executors.files import safe_name, write_durably

RESULT: Final = frozenset({"text", "data", "files", "shortened"})
_LONGEST: Final = 64
_ServerName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]

log = structlog.get_logger(__name__)


class ToolTerms(BaseModel):
    """What the operator says of a tool; what is not said is assumed to be bad."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    risk: Risk | None = Field(default=None, strict=False)
    repeatable: bool | None = None


class McpServer(BaseModel):
    """How a server is reached: by a command that is started here, or at an address. `env` and `headers` may be secrets.

    The process gets no other environment than PATH, HOME and the like. `tools` restricts nothing; `only` does. With
    `believe_hints` what a tool says of itself (read-only, idempotent, not destructive) lowers its risk.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict)
    folder: Path | None = None
    url: Annotated[str, StringConstraints(pattern=r"^(?:https?://\S+)?$")] = ""
    headers: dict[str, str] = Field(default_factory=dict)
    seconds: float = Field(
        default=10.0, gt=0, le=120, description="how long it may take to start and to list its tools"
    )
    believe_hints: bool = False
    only: tuple[str, ...] = ()
    tools: dict[str, ToolTerms] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _reached_one_way(self) -> "McpServer":
        if bool(self.command) is bool(self.url):
            raise ValueError("say either command or url")
        return self


class McpBook(BaseModel):
    """The file of servers. A command that is not in it is never started."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    servers: dict[_ServerName, McpServer] = Field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "McpBook":
        """Read the file; none is an empty one. Raises ValueError, which names the place, and OSError."""
        try:
            return cls.model_validate(read_strictly(path.read_text(encoding="utf-8")) or {})
        except FileNotFoundError:
            return cls()
        except yaml.YAMLError as error:
            raise ValueError(f"{path}: {error}") from error
        except ValidationError as error:
            raise ValueError(f"{path}: {': '.join(first_problem(error))}") from error


class Tool(BaseModel):
    """A tool as its server lists it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    description: str = ""
    input_schema: dict[str, Any] = Field(default_factory=dict)
    read_only: bool = False
    destructive: bool = True
    idempotent: bool = False


class ToolList:
    """What servers listed last, `{folder}/{server}.json`: plans are checked against it while a server is away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, server: str) -> tuple[Tool, ...]:
        try:
            document = json.loads((self._folder / f"{safe_name(server)}.json").read_bytes())
            return tuple(Tool.model_validate(tool) for tool in document)
        except FileNotFoundError:
            return ()
        except ValueError as error:
            log.warning("mcp_tools_unreadable", server=server, error=str(error))
            return ()

    @crash_points(CrashPoint.BEFORE_FILE, CrashPoint.AFTER_FILE)
    def write(self, server: str, tools: Iterable[Tool]) -> None:
        content = json.dumps([tool.model_dump() for tool in tools], ensure_ascii=False).encode()
        write_durably(self._folder / f"{safe_name(server)}.json", content)


class Params(BaseModel):
    """Parameters that the schema of a tool judges."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def actions_of(book: McpBook, tools: ToolList) -> Mapping[str, tuple[str, Tool, ActionSpec]]:
    """Return by action the server, the tool, and what the catalog says of it; what cannot be one is logged."""
    found: dict[str, tuple[str, Tool, ActionSpec]] = {}
    for name, server in book.servers.items():
        for tool in tools.read(name):
            if server.only and tool.name not in server.only:
                continue
            action = f"mcp.{name}.{_slug(tool.name)}"
            if len(action) > _LONGEST or action in found or action.endswith("."):
                log.warning("mcp_tool_left_out", server=name, tool=tool.name, reason="its name is no action")
                continue
            try:
                found[action] = name, tool, _spec(action, server, tool)
            except SchemaError as error:
                log.warning("mcp_tool_left_out", server=name, tool=tool.name, reason=error.message[:200])
    return found


def _spec(action: str, server: McpServer, tool: Tool) -> ActionSpec:
    terms, hints = server.tools.get(tool.name, ToolTerms()), server.believe_hints
    believed = Risk.LOW if tool.read_only else Risk.HIGH if tool.destructive else Risk.MEDIUM
    repeatable = hints and (tool.read_only or tool.idempotent)
    return ActionSpec(
        name=action,
        description=" ".join(tool.description.split())[:200] or tool.name,
        params=params_of(tool.input_schema),
        risk=terms.risk or (believed if hints else Risk.HIGH),
        repeatable=repeatable if terms.repeatable is None else terms.repeatable,
        result=RESULT,
    )


def params_of(schema: Mapping[str, Any], *, resolved: bool = False) -> type[BaseModel]:
    """Return a model that takes what the JSON Schema takes. Raises SchemaError for one that is none.

    No address in it is ever fetched. Until they are `resolved` references count as any type.
    """
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    kind.check_schema(schema)
    validator = kind(schema, registry=Registry())

    class ToolParams(Params):
        @model_validator(mode="before")
        @classmethod
        def _fits(cls, given: Any) -> Any:  # noqa: ANN401 - JSON
            try:
                for error in validator.iter_errors(given):
                    if resolved or not (isinstance(error.instance, str) and "${" in error.instance):
                        words = error.message[:300]
                        raise unfit(Sentence(f"passt nicht zum Schema: {words}", words), *error.absolute_path)
            except Unresolvable as error:
                words = f"the tool's schema refers to what is not in it: {error}"
                raise unfit(Sentence(f"das Schema des Werkzeugs verweist ins Leere: {error}", words)) from error
            return given

        @classmethod
        def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: ANN401 - pydantic's own
            return dict(schema)

    ToolParams.__doc__ = Params.__doc__
    return ToolParams


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_").lstrip("0123456789_")
