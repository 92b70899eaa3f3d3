"""What is said to a model and what it says: parts, calls, completions. No provider's own words."""

import base64
import hashlib
import itertools
import json
import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from scheduler.core.ids import DEFAULT_TENANT
from scheduler.core.spending import Spender, Usage

_TOKENS_OF_AN_IMAGE = 4_000  # at most, of a screenshot; providers scale larger ones down
_MOST_COUNTED = 100_000_000  # tokens; no model reads or writes as many at once
_TOKENS_AROUND = 200  # roles, separators and what a provider puts around a schema


@dataclass(frozen=True)
class ImagePart:
    """A picture the model is to look at."""

    content: bytes
    media_type: str = "image/png"

    @property
    def base64(self) -> str:
        return base64.b64encode(self.content).decode("ascii")

    @property
    def data_url(self) -> str:
        return f"data:{self.media_type};base64,{self.base64}"


@dataclass(frozen=True)
class Form:
    """The JSON Schema an answer must fit, and its name."""

    name: str
    schema: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One question to a model."""

    prompt: str
    system: str = ""
    images: tuple[ImagePart, ...] = ()
    form: Form | None = None
    max_tokens: int = 1024
    temperature: float = 0.0
    purpose: str = "other"
    prompt_id: str = ""
    spender: Spender = field(default=Spender(DEFAULT_TENANT))

    @property
    def most(self) -> Usage:
        """The most tokens it can take. No tokenizer in use makes more tokens of a text than it has bytes in UTF-8."""
        schema = json.dumps(self.form.schema) if self.form else ""
        text = sum(len(words.encode()) for words in (self.prompt, self.system, schema))
        return Usage(text + _TOKENS_OF_AN_IMAGE * len(self.images) + _TOKENS_AROUND, self.max_tokens)

    @property
    def digest(self) -> str:
        """SHA-256 of all that is sent, in hex."""
        parts = [self.system, self.prompt, json.dumps(self.form.schema, sort_keys=True) if self.form else ""]
        parts += [hashlib.sha256(image.content).hexdigest() for image in self.images]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


class Finish(StrEnum):
    """Why an answer ended."""

    STOP = "stop"
    LENGTH = "length"
    REFUSED = "refused"
    EMPTY = "empty"
    """There is no text in it, not even an empty one."""


class Completion(NamedTuple):
    """An answer; `usage` None: the provider does not say."""

    text: str
    finish: Finish = Finish.STOP
    usage: Usage | None = None


class Chunk(NamedTuple):
    """A piece of an answer under way; the last one says how it ended."""

    text: str = ""
    finish: Finish | None = None
    usage: Usage | None = None


class Embeddings(NamedTuple):
    """One vector for each text, in their order."""

    vectors: list[list[float]]
    usage: Usage | None = None


def counted(read: object, written: object) -> Usage | None:
    """Return what a provider says it counted; None: it does not say, or what it says is no count."""
    said = [one for one in (read, written) if isinstance(one, int) and not isinstance(one, bool)]
    counts = [one for one in said if 0 <= one <= _MOST_COUNTED]
    return Usage(*counts) if len(counts) == 2 else None


def text_of(said: object) -> str:
    """Return the text that a provider sent, none as an empty one; halves of letters, which nobody can write, as "?".

    Raises TypeError for what is no text.
    """
    if said is not None and not isinstance(said, str):
        raise TypeError(f"{type(said).__name__} instead of a text")
    return (said or "").encode(errors="replace").decode()


def vectors_of(said: Any) -> list[list[float]]:  # noqa: ANN401 - whatever the provider sent
    """Return the vectors that a provider sent. Raises TypeError and ValueError for what is none."""
    vectors = [[float(value) for value in one] for one in said]
    if not all(map(math.isfinite, itertools.chain(*vectors))):
        raise ValueError("a vector has a value that is no number")
    return vectors
