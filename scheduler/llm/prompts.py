"""Prompts are files: loaded strictly, filled from a typed context, foreign text only inside data blocks."""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import BaseModel

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

FOLDER: Final = Path(__file__).parents[1] / "prompts"
_VERSION = re.compile(r"\A\{# version: (\d+)")
_TAG = re.compile(r"<(?=\s*/?\s*data\b)", re.IGNORECASE)
_EMPTY_LINES = re.compile(r"\n{3,}")


class Prompt(NamedTuple):
    """A prompt that is filled: `id` names file, version and the hash of the file."""

    id: str
    system: str
    user: str


def render(name: str, context: BaseModel) -> Prompt:
    """Fill the prompt file of that name. Raises jinja2.UndefinedError for a name the context does not have."""
    version, digest = _stamp(name)
    template = _environment().get_template(f"{name}.jinja2")
    values = {field: getattr(context, field) for field in type(context).model_fields}
    parts = [
        _EMPTY_LINES.sub("\n\n", "".join(template.blocks[part](template.new_context(values)))).strip()
        for part in ("system", "user")
    ]
    return Prompt(f"{name}@{version}-{digest}", *parts)


def data(text: object, name: str) -> str:
    """Put foreign text into a data block that nothing in it can close."""
    return f'<data name="{name}">\n{_TAG.sub("&lt;", str(text))}\n</data>'


@cache
def _environment() -> "ImmutableSandboxedEnvironment":
    from jinja2 import FileSystemLoader, StrictUndefined  # noqa: PLC0415 - dear to import, for those who ask models
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.filters["data"] = data
    return environment


@cache
def _stamp(name: str) -> tuple[str, str]:
    """Return the version a prompt file states, and the first half of a hash of it. Raises ValueError without one."""
    text = (FOLDER / f"{name}.jinja2").read_text(encoding="utf-8")
    version = _VERSION.match(text)
    if version is None:
        raise ValueError(f"{name}.jinja2 must begin with {{# version: N")
    return version[1], hashlib.sha256(text.encode()).hexdigest()[:8]
