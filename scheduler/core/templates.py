"""Turns an intent's template and the words of a request into a plan.

A string of a template may hold `{name}`: a slot, a text of the intent in the language of the request, or a value the
caller gives; `{subject/document}` takes the first of them that is given. `{name|url}` percent-encodes it, `{name|web}`
makes it a web address, `{name|addresses}` a list of mail addresses, names looked up, `{name|number}` a number and
`{name|flag}` true; an entry that is just `{name?}` is left out when nothing is given. What a person wrote can become
neither a reference nor the name of a secret.
"""

import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from pydantic import ValidationError

from scheduler.core.address_book import AddressBook, UnfitNameError, nobody_known
from scheduler.core.conditions import literal, read_condition
from scheduler.core.errors import InvalidFieldError, InvalidRequestError, MissingSlotError, NoTemplateError
from scheduler.core.intents import Intent, IntentFileError, RoutedIntent
from scheduler.core.problems import first_flaw
from scheduler.core.references import REFERENCE, SECRET_SCHEME, escape, references_in, strings_in
from scheduler.core.sentences import Sentence
from scheduler.core.slots import SLOTS
from scheduler.core.sub_templates import PLACEHOLDER
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import ToDo

SITE_VALUES: Final = frozenset({"site", "site_url"})
TIME_VALUES: Final = frozenset({"start", "end", "zone"})
MAIL_VALUES: Final = frozenset({"unread", "count", "since", "before"})
FILE_VALUES: Final = frozenset({"newest"})
VALUES: Final = SITE_VALUES | TIME_VALUES | MAIL_VALUES | FILE_VALUES | {"search_address"}
"""What a template may ask of the caller, besides the slots of the request. Those of mails and files are there only
where the request says it."""

_TOUCHING = re.compile(r"(?<!\$)\{[a-z_|/]+\??\}\$?\{")
_FILTERS: Final = frozenset({None, "url", "web", "addresses", "number", "flag"})
_ADDRESS = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\".]+")
_BETWEEN_ADDRESSES = re.compile(r"\s*[,;]\s*|\s+(?:und|and|sowie|&)\s+", re.IGNORECASE)
_WEB_ADDRESS = re.compile(r"https?://(?:[^\s/:]+\.[^\s/:.]+|localhost)(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)
_NAMES_A_SECRET: Final = Sentence("ein Geheimnis darf hier nicht genannt werden", "a secret may not be named here")
_FIELD: Final = frozenset({"field_label", "field_value"})
_PAIR = re.compile(r"\s*([^:=;,\n]{1,80}?)\s*[:=]\s*(.+?)\s*(?=[;,\n]\s*[^:=;,\n]{1,80}[:=]|[;\n]|$)")
_NO_PAIRS: Final = Sentence(
    "erwartet werden Felder mit ihren Werten, etwa „Name: Max Müller, Tage: 3“",
    "expected are fields with their values, such as “Name: Max Miller, Days: 3”",
)
_ABSENT: Final = object()


def fill_template(routed: RoutedIntent, values: Mapping[str, str], addresses: AddressBook = nobody_known) -> TaskGraph:
    """Return the plan for a request; `values` holds what the template needs besides, such as `site_url`.

    Raises NoTemplateError, MissingSlotError for a slot or value that is not there, and InvalidFieldError for one
    that names a secret, or is no mail address where one is needed and no name of `addresses` either.
    """
    if not routed.task_template:
        raise NoTemplateError(routed.name)
    filler = _Filler(routed, values, addresses)
    for names in routed.required:
        filler.require(names)
    graph = TaskGraph()
    for todo in routed.task_template:
        if todo.id in filler.left_out:
            continue
        if todo.id == routed.per_field:
            for step in filler.per_field(todo):
                graph.add_task(step)
        else:
            graph.add_task(filler.fill(todo))
    graph.check()
    return graph


def values_needed(routed: RoutedIntent) -> frozenset[str]:
    """Return which of `VALUES` the plan for this request asks of the caller."""
    filler = _Filler(routed, {})
    steps = [todo for todo in routed.task_template if todo.id not in filler.left_out]
    matches = (match for todo in steps for match in PLACEHOLDER.finditer(_said_by(todo)))
    return VALUES & {name for match in matches for name in match["names"].split("/")}


def _said_by(todo: ToDo) -> str:
    """Return all texts of a step in one; the largest part is written once for all requests."""
    return f"{todo.canonical()} {todo.reason} {todo.verify.model_dump_json() if todo.verify else ''} {todo.when or ''}"


def check_template(intent: Intent, source: str) -> None:
    """Raise IntentFileError unless the template is a sound plan and every name in it can be filled."""
    place = f"{source}: intent {intent.name!r}"
    slots_here = SLOTS | set(intent.own_slots)
    known = slots_here | VALUES | set(intent.texts) | (_FIELD if intent.per_field else set())
    for text in strings_in([*(todo.model_dump() for todo in intent.task_template), *intent.texts.values()]):
        if _TOUCHING.search(text):
            raise IntentFileError(f"{place}, template {text!r}: two fillings may not touch; put something between")
        for match in PLACEHOLDER.finditer(text):
            if not known.issuperset(match["names"].split("/")) or match["filter"] not in _FILTERS:
                raise IntentFileError(f"{place}, template {text!r}: cannot fill {match[0]}")
    for name, texts in intent.texts.items():
        if set(texts) != {"de", "en"}:
            raise IntentFileError(f"{place}: text {name!r} needs de and en")
    wanted = [*intent.required, *(names for slots in intent.only_with.values() for names in slots)]
    for slot in [slot for names in wanted for slot in names.split("/") if slot not in slots_here]:
        raise IntentFileError(f"{place}: {slot!r} is no slot")
    if intent.task_template:
        _check_plan(intent, place)


def _check_plan(intent: Intent, place: str) -> None:
    graph = TaskGraph()
    for todo in intent.task_template:
        if todo.when and len(read_condition(todo.when).slots) != len(PLACEHOLDER.findall(todo.when)):
            raise IntentFileError(f"{place}, step {todo.id!r}: slots in {todo.when!r} stand without quotes or filters")
    try:
        for todo in intent.task_template:
            graph.add_task(todo)
        graph.check()
    except InvalidRequestError as error:
        raise IntentFileError(f"{place}: {error}") from error
    strange = [task for task in intent.only_with if task not in graph.tasks]
    if strange:
        raise IntentFileError(f"{place}: only_with names {strange[0]!r}, which is no task of the template")


class _Filler:
    def __init__(self, routed: RoutedIntent, values: Mapping[str, str], addresses: AddressBook = nobody_known) -> None:
        self._address_book = addresses
        self._intent = routed
        self._given = {name: words for name, words in {**routed.slots, **values}.items() if words}
        self.left_out = frozenset(
            task for task, needed in routed.only_with.items() if not all(map(self._first_given, needed))
        )

    def require(self, names: str) -> None:
        """Raise MissingSlotError unless one of the slots `a/b` is given."""
        if self._first_given(names) is None:
            raise MissingSlotError(self._intent.name, names.partition("/")[0])

    def fill(self, todo: ToDo) -> ToDo:
        document = self._value(todo.model_dump(exclude_unset=True, exclude={"when"}))
        if todo.when is not None:
            document["when"] = self._condition(todo.when)
        if "depends_on" in document:
            document["depends_on"] = [task for task in todo.depends_on if task not in self.left_out]
        try:
            return ToDo.model_validate(document)
        except ValidationError as error:
            path, problem = first_flaw(error)
            raise InvalidFieldError(f"{todo.id}.{path}", problem) from error

    def per_field(self, todo: ToDo) -> list[ToDo]:
        """Return the step once per "field: value" of the body, one after the other; the last has the step's own id."""
        pairs = _PAIR.findall(self._words("body"))
        if not pairs:
            raise InvalidFieldError("body", _NO_PAIRS)
        steps: list[ToDo] = []
        for number, (label, value) in enumerate(pairs, 1):
            self._given |= {"field_label": label, "field_value": value}
            step_id = todo.id if number == len(pairs) else f"{todo.id}_{number}"
            after = {"depends_on": (steps[-1].id,)} if steps else {}
            steps.append(self.fill(todo.model_copy(update={"id": step_id, **after})))
        return steps

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
        if "{" not in text:
            return text
        whole = PLACEHOLDER.fullmatch(text)
        if whole and whole["optional"] and self._first_given(whole["names"]) is None:
            return _ABSENT
        if whole and whole["filter"] == "addresses":
            return self._addresses(whole["names"])
        if whole and whole["filter"] in {"number", "flag"}:
            return whole["filter"] == "flag" or int(self._replace(whole))
        if any(reference.task in self.left_out for reference in references_in(text)):
            return _ABSENT
        filled = PLACEHOLDER.sub(self._replace, text)
        if filled.casefold().count(SECRET_SCHEME) > text.count(SECRET_SCHEME):
            names = ", ".join(match["names"] for match in PLACEHOLDER.finditer(text))
            raise InvalidFieldError(names, _NAMES_A_SECRET)
        return filled

    def _condition(self, text: str) -> str:
        """Return a condition with what was said as texts, or null; a step that is left out has given nothing."""

        def said(match: re.Match[str]) -> str:
            name = match["names"].partition("/")[0]
            nothing = self._first_given(match["names"]) is None and name not in self._intent.texts
            return literal(None if nothing else self._replace(match).replace("$${", "${"))

        def asked(match: re.Match[str]) -> str:
            return "null" if match["task"] in self.left_out else match[0]

        return PLACEHOLDER.sub(said, REFERENCE.sub(asked, text))

    def _replace(self, match: re.Match[str]) -> str:
        first = match["names"].partition("/")[0]
        if self._first_given(match["names"]) is None and first in self._intent.texts:
            return PLACEHOLDER.sub(self._given_words, self._intent.texts[first][self._intent.locale])
        return self._given_words(match)

    def _given_words(self, match: re.Match[str]) -> str:
        words = self._words(match["names"])
        if match["filter"] == "url":
            return quote(words, safe="")
        return escape(self._web_address(match["names"], words) if match["filter"] == "web" else words)

    def _web_address(self, names: str, words: str) -> str:
        address = words if words.lower().startswith(("http://", "https://")) else f"https://{words}"
        if not _WEB_ADDRESS.fullmatch(address):
            raise InvalidFieldError(names, _is_no(words, "Webadresse", "web address"))
        return address

    def _first_given(self, names: str) -> str | None:
        return next((name for name in names.split("/") if name in self._given), None)

    def _words(self, names: str) -> str:
        name = self._first_given(names)
        if name is None:
            raise MissingSlotError(self._intent.name, names.partition("/")[0])
        if SECRET_SCHEME in self._given[name].casefold():
            raise InvalidFieldError(name, _NAMES_A_SECRET)
        return self._given[name]

    def _addresses(self, names: str) -> list[str]:
        words = self._words(names)
        parts = [part.strip("<>") for part in _BETWEEN_ADDRESSES.split(words) if part]
        if len(parts) > 1 and "@" not in words:
            with contextlib.suppress(UnfitNameError):  # “Meier und Söhne” may be one
                return [escape(address) for address in self._address_book(words)]
        addresses = [address for part in parts for address in self._addresses_of(part, names)]
        return [escape(address) for address in dict.fromkeys(addresses)]

    def _addresses_of(self, words: str, names: str) -> Sequence[str]:
        if _ADDRESS.fullmatch(words):
            return [words]
        if "@" in words:
            raise InvalidFieldError(names, _is_no(words, "Mailadresse", "mail address"))
        try:
            return self._address_book(words)
        except UnfitNameError as error:
            raise InvalidFieldError(names, error.said) from error


def _is_no(words: str, german: str, english: str) -> Sentence:
    return Sentence(f"„{words[:200]}“ ist keine {german}", f"“{words[:200]}” is no {english}")
