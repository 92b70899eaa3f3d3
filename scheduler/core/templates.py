"""Turns an intent's template and the words of a request into a plan.

A string of a template may hold `{name}`: a slot, a text of the intent in the language of the request, or a value the
caller gives. `{name|url}` percent-encodes a slot, `{name|glob}` takes its wildcards literally, `{name|web}` makes it a
web address, `{name|addresses}` a list of mail addresses; an entry that is just `{name?}` is left out when the request does not fill the slot. What a
person wrote can become neither a reference nor the name of a secret.
"""

import glob
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from pydantic import ValidationError

from scheduler.core.errors import InvalidFieldError, MissingSlotError, NoTemplateError
from scheduler.core.intents import Intent, IntentFileError, RoutedIntent
from scheduler.core.job import Locale
from scheduler.core.references import SECRET_SCHEME, escape, strings_in
from scheduler.core.slots import SLOTS
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import ToDo

VALUES: Final = frozenset({"site_url"})
"""What a template may ask of the caller, besides the slots of the request."""

_PLACEHOLDER = re.compile(r"(?<!\$)\{(?P<name>[a-z_]+)(?:\|(?P<filter>[a-z]+))?(?P<optional>\?)?\}")
_TOUCHING = re.compile(r"(?<!\$)\{[a-z_|]+\??\}\$?\{")
_FILTERS: Final = frozenset({"url", "glob", "web", "addresses"})
_ADDRESS = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\".]+")
_BETWEEN_ADDRESSES = re.compile(r"\s*[,;]\s*|\s+(?:und|and|sowie|&)\s+", re.IGNORECASE)
_NO_ADDRESS: Final[Mapping[Locale, str]] = {
    "de": "„{words}“ ist keine Mailadresse",
    "en": "“{words}” is no mail address",
}
_NAMES_A_SECRET: Final[Mapping[Locale, str]] = {
    "de": "ein Geheimnis darf hier nicht genannt werden",
    "en": "a secret may not be named here",
}
_ABSENT: Final = object()


def fill_template(routed: RoutedIntent, values: Mapping[str, str]) -> TaskGraph:
    """Return the plan for a request; `values` holds what the template needs besides, such as `site_url`.

    Raises NoTemplateError, MissingSlotError for a slot or value that is not there, and InvalidFieldError for one
    that names a secret or is no mail address where one is needed.
    """
    if not routed.task_template:
        raise NoTemplateError(routed.name)
    for slot in routed.required:
        if not routed.slots.get(slot):
            raise MissingSlotError(routed.name, slot)
    filler = _Filler(routed, values)
    graph = TaskGraph()
    for todo in routed.task_template:
        graph.add_task(filler.fill(todo))
    graph.check()
    return graph


def check_template(intent: Intent, source: str) -> None:
    """Raise IntentFileError unless the template is a sound plan and every name in it can be filled."""
    place = f"{source}: intent {intent.name!r}"
    known = SLOTS | VALUES | set(intent.texts)
    strings = [*strings_in([todo.model_dump() for todo in intent.task_template]), *strings_in(intent.texts)]
    for text in strings:
        if _TOUCHING.search(text):
            raise IntentFileError(f"{place}, template {text!r}: two fillings may not touch; put something between")
        for match in _PLACEHOLDER.finditer(text):
            if match["name"] not in known or match["filter"] not in {None, *_FILTERS}:
                raise IntentFileError(f"{place}, template {text!r}: cannot fill {match[0]}")
    incomplete = [name for name, text in intent.texts.items() if set(text) != {"de", "en"}]
    strange = [slot for slot in intent.required if slot not in SLOTS]
    if incomplete or strange:
        problem = f"text {incomplete[0]!r} needs de and en" if incomplete else f"{strange[0]!r} is no slot"
        raise IntentFileError(f"{place}: {problem}")


class _Filler:
    def __init__(self, routed: RoutedIntent, values: Mapping[str, str]) -> None:
        self._intent = routed
        self._given = {**values, **routed.slots}

    def fill(self, todo: ToDo) -> ToDo:
        document = self._value(todo.model_dump(exclude_unset=True))
        try:
            return ToDo.model_validate(document)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_context=False)[0]
            path = ".".join(str(part) for part in problem["loc"])
            raise InvalidFieldError(f"{todo.id}.{path}", problem["msg"]) from error

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, Mapping):
            filled = {key: self._value(part) for key, part in value.items()}
            return {key: part for key, part in filled.items() if part is not _ABSENT}
        if isinstance(value, list | tuple):
            return [part for part in map(self._value, value) if part is not _ABSENT]
        return value

    def _string(self, text: str) -> object:
        whole = _PLACEHOLDER.fullmatch(text)
        if whole and whole["optional"] and whole["name"] not in self._given:
            return _ABSENT
        if whole and whole["filter"] == "addresses":
            return self._addresses(whole["name"])
        filled = _PLACEHOLDER.sub(self._replace, text)
        if filled.count(SECRET_SCHEME) > text.count(SECRET_SCHEME):
            slots = ", ".join(match["name"] for match in _PLACEHOLDER.finditer(text))
            raise InvalidFieldError(slots, _NAMES_A_SECRET[self._intent.locale])
        return filled

    def _replace(self, match: re.Match[str]) -> str:
        name = match["name"]
        if name not in self._given and name in self._intent.texts:
            return _PLACEHOLDER.sub(self._given_words, self._intent.texts[name][self._intent.locale])
        return self._given_words(match)

    def _given_words(self, match: re.Match[str]) -> str:
        words = self._words(match["name"])
        if match["filter"] == "url":
            return quote(words, safe="")
        if match["filter"] == "web" and not words.startswith(("http://", "https://")):
            words = f"https://{words}"
        return escape(glob.escape(words) if match["filter"] == "glob" else words)

    def _words(self, name: str) -> str:
        words = self._given.get(name)
        if not words:
            raise MissingSlotError(self._intent.name, name)
        if SECRET_SCHEME in words.casefold():
            raise InvalidFieldError(name, _NAMES_A_SECRET[self._intent.locale])
        return words

    def _addresses(self, name: str) -> list[str]:
        addresses = [part.strip("<>") for part in _BETWEEN_ADDRESSES.split(self._words(name)) if part]
        for address in addresses:
            if not _ADDRESS.fullmatch(address):
                raise InvalidFieldError(name, _NO_ADDRESS[self._intent.locale].format(words=address[:200]))
        return [escape(address) for address in addresses]
