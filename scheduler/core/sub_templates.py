"""Puts templates that others use (`use`) into their places when a file of intents is read. See docs/TEMPLATES.md.

It works on the document, before it is validated: what comes out is a file that says everything itself.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scheduler.core.references import REFERENCE, strings_in
from scheduler.core.slots import SLOTS

PLACEHOLDER: Final = re.compile(r"(?<!\$)\{(?P<names>[a-z_]+(?:/[a-z_]+)*)(?:\|(?P<filter>[a-z]+))?(?P<optional>\?)?\}")
"""What stands in a template for words of the request."""
_FIELDS: Final = frozenset({"id", "use", "slots", "depends_on", "when"})
_NAMES: Final = re.compile(r"\{([a-z_]+(?:/[a-z_]+)*)\}")

Document = dict[str, Any]


class SubTemplateError(ValueError):
    """A template cannot be put into another; says what is wrong, and where."""


def with_sub_templates(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the document of a file of intents with every `use` replaced by steps. Raises SubTemplateError."""
    intents = document.get("intents")
    if not isinstance(intents, list) or not any(_uses(intent) for intent in intents):
        return document
    book = {intent["name"]: intent for intent in intents if isinstance(intent, dict) and "name" in intent}
    return {**document, "intents": [_complete(intent, book, ()) for intent in intents]}


def _uses(intent: object) -> bool:
    steps = intent.get("task_template") if isinstance(intent, dict) else None
    return isinstance(steps, list) and any(isinstance(step, dict) and "use" in step for step in steps)


def _complete(intent: Any, book: Mapping[str, Document], way: tuple[str, ...]) -> Any:  # noqa: ANN401 - as it was read
    """Return the intent with the steps of those that it uses; `way` are those that use it."""
    if not _uses(intent):
        return intent
    name = intent["name"] if isinstance(intent.get("name"), str) else "?"
    if name in way:
        circle = " → ".join((*way[way.index(name) :], name))
        raise SubTemplateError(f"intent {name!r}: its templates use one another in a circle: {circle}")
    whole: Document = {
        **intent,
        "texts": dict(intent.get("texts") or {}),
        "required": list(intent.get("required") or ()),
        "only_with": dict(intent.get("only_with") or {}),
        "task_template": [],
    }
    for step in intent["task_template"]:
        if not isinstance(step, dict) or "use" not in step:
            whole["task_template"].append(step)
            continue
        place = f"intent {name!r}, step {step.get('id')!r}"
        inner = book.get(step["use"]) if isinstance(step["use"], str) else None
        _check(step, inner, place)
        _put_in(whole, _Use(step, _complete(inner, book, (*way, name)), place))
    return whole


def _check(step: Document, inner: Document | None, place: str) -> None:
    strange = sorted(map(str, step.keys() - _FIELDS))
    if not isinstance(step.get("id"), str):
        raise SubTemplateError(f"{place}: a step with use needs an id")
    if strange:
        raise SubTemplateError(f"{place}: {strange[0]} cannot stand beside use")
    if inner is None or not inner.get("task_template"):
        raise SubTemplateError(f"{place}: there is no intent {step['use']!r} with a template")
    if inner.get("per_field"):
        raise SubTemplateError(f"{place}: {step['use']!r} has a step for each field and cannot be used")


def _put_in(whole: Document, use: "_Use") -> None:
    """Add the steps that are used, with the texts, slots and provisos that belong to them."""
    own_id, steps = use.step["id"], use.steps()
    whole["task_template"] += steps
    whole["texts"] = {**use.texts(), **whole["texts"]}
    needed = whole["only_with"].pop(own_id, None)
    if needed is None:
        whole["required"] += [names for names in use.required() if names not in whole["required"]]
    inner = use.only_with()
    for step in steps:
        slots = [*(needed or ()), *inner.get(step["id"], ())]
        if slots:
            whole["only_with"][step["id"]] = tuple(dict.fromkeys(slots))


@dataclass(frozen=True)
class _Use:
    """One step with `use`, the whole intent that it names, and where it stands."""

    step: Document
    inner: Document
    place: str

    @property
    def _prefix(self) -> str:
        return re.sub("[^a-z_]", "_", self.step["id"].lower())

    @property
    def _ids(self) -> dict[str, str]:
        """What the steps are called here; the last one bears the name of the whole."""
        own, ids = self.step["id"], [str(step.get("id")) for step in self.inner["task_template"]]
        return {**{step_id: f"{own}-{step_id}" for step_id in ids}, ids[-1]: own}

    @property
    def _slots(self) -> Mapping[str, str]:
        slots = self.step.get("slots") or {}
        for slot, value in slots.items() if isinstance(slots, dict) else ():
            if slot not in SLOTS:
                raise SubTemplateError(f"{self.place}: {slot!r} is no slot")
            if not isinstance(value, str) or not value:
                raise SubTemplateError(f"{self.place}, slot {slot!r}: a slot, a text or a reference is expected")
        if not isinstance(slots, dict):
            raise SubTemplateError(f"{self.place}: slots must name slots and what they are")
        return slots

    def steps(self) -> list[Document]:
        ids, found = self._ids, list[Document]()
        for step in self.inner["task_template"]:
            filled = self._changed(step, self._filled)
            filled["id"] = ids[str(step.get("id"))]
            given = [list(ids)[one] if isinstance(one, int) else one for one in step.get("depends_on") or ()]
            before = {str(one) for one in given} | {match["task"] for match in self._references(step)}
            after = [ids.get(one, one) for one in given]
            if not before & ids.keys():
                after += self.step.get("depends_on") or ()
            filled |= {"depends_on": after} if after else {}
            found.append(filled | self._condition(filled.get("when")))
        return found

    def texts(self) -> Document:
        """Return the texts of the steps; those with the name of a slot keep it, they stand in for the slot."""
        texts = self.inner.get("texts") or {}
        renamed = {name if name in SLOTS else f"{self._prefix}_{name}": said for name, said in texts.items()}
        given = {slot: value for slot, value in self._slots.items() if _is_fixed(value)}
        fixed = {self._fixed(slot): {"de": value, "en": value} for slot, value in given.items()}
        return {**{name: self._changed(said, self._said) for name, said in renamed.items()}, **fixed}

    def required(self) -> Iterator[str]:
        for names in self.inner.get("required") or ():
            if (mapped := self._mapped(names)) is not None:
                yield mapped

    def only_with(self) -> dict[str, list[str]]:
        ids = self._ids
        return {
            ids[task]: [mapped for names in slots if (mapped := self._mapped(names)) is not None]
            for task, slots in (self.inner.get("only_with") or {}).items()
            if task in ids
        }

    def _mapped(self, names: str) -> str | None:
        """Return which slots of the request these are; None: they are given by the template."""
        found: list[str] = []
        for name in names.split("/"):
            value = self._slots.get(name)
            if value is not None and _NAMES.fullmatch(value) is None:
                return None
            found += [name] if value is None else value.strip("{}").split("/")
        return "/".join(dict.fromkeys(found))

    def _fixed(self, slot: str) -> str:
        return f"{self._prefix}_{slot}"

    def _said(self, text: str) -> str:
        """Return a text of the inner intent as it reads here; a text cannot stand within another by its name."""
        given = {slot: value for slot, value in self._slots.items() if _is_fixed(value)}

        def fixed(match: re.Match[str]) -> str:
            return given.get(match["names"].partition("/")[0], match[0])

        return self._filled(PLACEHOLDER.sub(fixed, text))

    def _filled(self, text: str) -> str:
        """Return a text of the inner template as it reads here."""
        ids = self._ids

        def renamed(match: re.Match[str]) -> str:
            task = match["task"]
            return match[0] if task not in ids else f"${{{ids[task]}{match['path']}}}"

        return PLACEHOLDER.sub(self._placeholder, REFERENCE.sub(renamed, text))

    def _placeholder(self, match: re.Match[str]) -> str:
        names, rest = match["names"].split("/"), f"|{match['filter']}" if match["filter"] else ""
        own = [name for name in names if name in (self.inner.get("texts") or {}) and name not in SLOTS]
        found: list[str] = []
        for name in names:
            value = self._slots.get(name)
            if value is None:
                found.append(f"{self._prefix}_{name}" if name in own else name)
            elif _NAMES.fullmatch(value):
                found += value.strip("{}").split("/")
            elif found:
                raise SubTemplateError(f"{self.place}: {name!r} is not the first of {match[0]} and cannot be given")
            elif not _is_fixed(value):
                return value
            elif match["filter"] == "addresses":
                raise SubTemplateError(f"{self.place}: {name!r} are addresses, which cannot be a fixed text")
            else:
                return f"{{{self._fixed(name)}{rest}}}"
        return f"{{{'/'.join(dict.fromkeys(found))}{rest}{match['optional'] or ''}}}"

    def _condition(self, inner: str | None) -> Document:
        outer = self.step.get("when")
        both = [condition for condition in (outer, inner) if condition]
        if not both:
            return {}
        return {"when": both[0] if len(both) == 1 else " and ".join(f"({condition})" for condition in both)}

    def _references(self, step: Document) -> Iterator[re.Match[str]]:
        return (match for text in strings_in(step) for match in REFERENCE.finditer(text) if match["task"])

    def _changed(self, value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - as it was read
        if isinstance(value, str):
            return change(value)
        if isinstance(value, Mapping):
            return {name: self._changed(part, change) for name, part in value.items()}
        if isinstance(value, Sequence):
            return [self._changed(part, change) for part in value]
        return value


def _is_fixed(value: str) -> bool:
    """Whether it is a text of the template's own: neither a slot of the request nor a reference."""
    return _NAMES.fullmatch(value) is None and "${" not in value
