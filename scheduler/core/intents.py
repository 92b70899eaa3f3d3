"""What a request can mean: intents with their patterns, examples and task templates, and the file that lists them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scheduler.core.job import Locale
from scheduler.core.no_order import NoOrder
from scheduler.core.patterns import PatternError, expand, expand_parts
from scheduler.core.slots import Said
from scheduler.core.strict_yaml import read_strictly
from scheduler.core.sub_templates import SubTemplateError, with_sub_templates
from scheduler.core.todo import ToDo

UNKNOWN: Final = "unknown"
_LARGEST_FILE = 1_048_576  # bytes


class IntentFileError(ValueError):
    """The file of intents cannot be used; the message names the file and the place in it."""


class Intent(BaseModel):
    """A kind of request. The pattern that explains a request best decides; its named groups fill the slots.

    `fallbacks` are patterns too, asked only when no pattern of any intent fits ("open" and a name, whatever it names).
    `texts` are the words a template uses by name, in both languages; one with the name of a slot stands where the
    request leaves that slot open. `required` slots must be filled before the template can become a plan. `only_with`
    names by task id the slots a step needs: without them the step is left out. Where one of several slots will do,
    they are written `portal/folder`. The step `per_field` is done once for each "field: value" in the body; it may use
    `{field_label}` and `{field_value}`. `own_slots` are slots besides the common ones, which examples mark.
    `questions` say by slot how people are asked for it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    patterns: list[str] = Field(default_factory=list)
    fallbacks: list[str] = Field(default_factory=list)
    task_template: list[ToDo] = Field(default_factory=list)
    examples: dict[Locale, list[str]] = Field(default_factory=dict)
    description: dict[Locale, str] = Field(default_factory=dict)
    required: tuple[str, ...] = ()
    only_with: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    per_field: str | None = None
    texts: dict[str, dict[Locale, str]] = Field(default_factory=dict)
    own_slots: tuple[str, ...] = ()
    questions: dict[str, dict[Locale, str]] = Field(default_factory=dict)


class RoutedIntent(Intent):
    """An intent found in a request: what the request names, its language, and how much of it was understood.

    `score` is the share of the request that the pattern explains, `rest` what follows it (another order, perhaps).
    `nearest` names similar intents when this one is "unknown". `way` and `why` tell how it was found out.
    `no_order` says why it is none, where grammar or what was learned says so; `by_words`: grammar named it, no pattern.
    `refused`: it is understood as something that is no order, a question or a negation, and stays "unknown".
    `unconfigured`: it is refused as an order of which nothing is configured; only a language model may plan it.
    `said` are the slots with the places of their words, one that was said several times several times.
    `unsure`: it is "unknown", but the nearest are near enough to ask which one is meant.
    """

    slots: dict[str, str] = Field(default_factory=dict)
    said: tuple[Said, ...] = ()
    locale: Locale = "de"
    score: float = Field(default=0.0, ge=0, le=1)
    rest: str = ""
    nearest: tuple[str, ...] = ()
    refused: bool = False
    unconfigured: bool = False
    no_order: NoOrder | None = None
    by_words: bool = False
    unsure: bool = False
    way: Literal["rules", "learned", "llm"] = "rules"
    why: str = ""

    def ordering_nothing(self, why: NoOrder) -> Self:
        """Return it as words that order nothing."""
        return self.model_copy(update={"no_order": why, "why": why.value})

    @property
    def words(self) -> dict[str, str | list[str]]:
        """The slots, those that were said several times as lists."""
        return {slot: many if len(many) > 1 else many[0] for slot, many in self.all_words.items()}

    @property
    def all_words(self) -> dict[str, list[str]]:
        """The slots, each with all that was said for it."""
        found = dict[str, list[str]]()
        for slot, words in self.slots.items():
            many = list(dict.fromkeys(one.words for one in self.said if one.slot == slot))
            found[slot] = many if len(many) > 1 else [words]
        return found


class Frame(BaseModel):
    """What surrounds an order, as patterns: courtesies `before` and `after` it.

    `harmless` words are overlooked when the patterns of "unknown" look for a negation. What fits `not_a_name` cannot be
    part of a slot that names something: the start of another order, a finite verb.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    not_a_name: tuple[str, ...] = ()


class IntentBook(BaseModel):
    """All intents in the order they were registered, patterns complete. Names are unique."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = "intents"
    parts: dict[str, str] = Field(default_factory=dict)
    frame: Frame = Frame()
    intents: tuple[Intent, ...] = Field(min_length=1)


def load_intents(path: Path) -> IntentBook:
    """Read a YAML or JSON file of intents. Raises IntentFileError that names the file, the intent and the pattern."""
    if path.stat().st_size > _LARGEST_FILE:
        raise IntentFileError(f"{path}: larger than {_LARGEST_FILE} bytes")
    text = path.read_text(encoding="utf-8")
    try:
        document = json.loads(text) if path.suffix == ".json" else read_strictly(text)
    except (yaml.YAMLError, json.JSONDecodeError) as error:
        raise IntentFileError(f"{path}: {error}") from error
    if not isinstance(document, dict):
        raise IntentFileError(f"{path}: expected a map with the key 'intents'")
    return read_intents(document, source=str(path))


def read_intents(document: Mapping[str, Any], source: str = "intents") -> IntentBook:
    """Read a document of intents and put the named parts into its patterns. Raises IntentFileError."""
    try:
        document = with_sub_templates(document)
    except SubTemplateError as error:
        raise IntentFileError(f"{source}: {error}") from error
    try:
        book = IntentBook.model_validate({**document, "source": source})
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False)[0]
        raise IntentFileError(f"{source}: {_place(document, problem['loc'])}: {problem['msg']}") from error
    names = [intent.name for intent in book.intents]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise IntentFileError(f"{source}: intent {twice!r} is there twice")
    try:
        parts = expand_parts(book.parts)
        frame = Frame(**{name: tuple(expand(one, parts) for one in many) for name, many in book.frame})
    except PatternError as error:
        raise IntentFileError(f"{source}: {error}") from error
    intents = tuple(_complete(intent, parts, source) for intent in book.intents)
    return book.model_copy(update={"intents": intents, "frame": frame})


def _complete(intent: Intent, parts: Mapping[str, str], source: str) -> Intent:
    def complete(pattern: str) -> str:
        try:
            return expand(pattern, parts)
        except PatternError as error:
            raise IntentFileError(f"{source}: intent {intent.name!r}, pattern {pattern!r}: {error}") from error

    changes = {"patterns": [*map(complete, intent.patterns)], "fallbacks": [*map(complete, intent.fallbacks)]}
    return intent.model_copy(update=changes)


def _place(document: Mapping[str, Any], location: tuple[str | int, ...]) -> str:
    """Say where in the file something is wrong, by the name of the intent rather than its number."""
    path = ".".join(str(part) for part in location)
    if len(location) > 1 and location[0] == "intents" and isinstance(location[1], int):
        entry = document["intents"][location[1]]
        name = entry.get("name") if isinstance(entry, dict) else None
        return f"intent {name!r}, {'.'.join(str(part) for part in location[2:])}"
    return path
