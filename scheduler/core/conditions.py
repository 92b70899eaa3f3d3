"""The conditions of steps (`when`): a small language over results, read by a parser of its own and never run as code.

    or:    and ("or" and)*
    and:   not ("and" not)*
    not:   "not" not | test
    test:  ("exists" | "empty") value | value (comparison value)?
    value: ${task.path} | 'text' | "text" | 12.5 | true | false | null | [value, ...] | (or)

In a template `{slot}` is a value, too. Docs: docs/TEMPLATES.md.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from scheduler.core.errors import InvalidInputError
from scheduler.core.ids import TaskId
from scheduler.core.references import REFERENCE, Reference, resolve
from scheduler.core.sentences import Sentence
from scheduler.core.work_errors import ConditionUnclearError

LONGEST: Final = 1000
"""Characters."""
_DEEPEST: Final = 30  # brackets and nots inside one another
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<reference>\$\{[^}]*\})|(?P<slot>\{[a-z_]+(?:/[a-z_]+)*\})|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]+)|(?P<sign>==|!=|<=|>=|[<>()\[\],]))"
)
_NUMBER: Final = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?")
_CONSTANTS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}
_WORDS: Final = frozenset({"and", "or", "not", "in", "exists", "empty", *_CONSTANTS})
_MISSING: Final = object()

Results = Mapping[TaskId, Any]
_Part = Callable[[Results], Any]


class ConditionError(ValueError):
    """The text is no condition; says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was read. `references` are what it asks after, `slots` what a template has yet to fill in."""

    text: str
    references: tuple[Reference, ...]
    slots: tuple[str, ...]
    _holds: _Part

    def holds(self, results: Results) -> bool:
        """Say whether it holds; `results` has none for a task that was skipped. Raises ConditionUnclearError."""
        return _truth(self._holds(results), self.text)


@lru_cache(maxsize=1000)
def read_condition(text: str) -> Condition:
    """Read a condition. Raises ConditionError."""
    if len(text) > LONGEST:
        raise ConditionError(f"a condition may have {LONGEST} characters")
    return _Reader(text).condition()


def literal(value: str | None) -> str:
    """Return a text, or nothing, as a condition says it."""
    return "null" if value is None else "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


class _Reader:
    """Reads by recursive descent; what it makes are functions of the results."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [*_tokens(text), ("end", "")]
        self._at = 0
        self._depth = 0
        self._references: list[Reference] = []
        self._slots: list[str] = []

    def condition(self) -> Condition:
        holds = self._either()
        if self._kind != "end":
            raise ConditionError(f"{self._word!r} is not expected")
        return Condition(self._text, tuple(self._references), tuple(self._slots), holds)

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def _word(self) -> str:
        return self._tokens[self._at][1] or "the end"

    def _take(self, *words: str) -> bool:
        """Go on past one of these words or signs, if it comes now."""
        kind, said = self._tokens[self._at]
        if kind in {"word", "sign"} and said in words:
            self._at += 1
            return True
        return False

    def _either(self) -> _Part:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda results: any(_truth(part(results), self._text) for part in parts)

    def _both(self) -> _Part:
        parts = [self._not()]
        while self._take("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else lambda results: all(_truth(part(results), self._text) for part in parts)

    def _not(self) -> _Part:
        if not self._take("not"):
            return self._test()
        part = self._deeper(self._not)
        return lambda results: not _truth(part(results), self._text)

    def _test(self) -> _Part:
        if self._take("exists"):
            value = self._value()
            return lambda results: value(results) not in (_MISSING, None)
        if self._take("empty"):
            value = self._value()
            return lambda results: _is_empty(value(results))
        left = self._value()
        for sign, compare in _COMPARISONS.items():
            if self._take(sign):
                right = self._value()
                return lambda results: compare(left(results), right(results), self._text)
        if self._take("not"):
            if not self._take("in"):
                raise ConditionError(f"“not” between two values needs “in”, not {self._word!r}")
            right = self._value()
            return lambda results: not _is_in(left(results), right(results), self._text)
        return left

    def _value(self) -> _Part:
        kind, said = self._tokens[self._at]
        if self._take("("):
            inner = self._deeper(self._either)
            self._expect(")")
            return inner
        if self._take("["):
            return self._list()
        self._at += 1
        if kind == "reference":
            return self._reference(said)
        if kind == "slot":
            self._slots.append(said)
            return lambda _: _MISSING
        value = _constant(kind, said)
        return lambda _: value

    def _list(self) -> _Part:
        parts: list[_Part] = []
        while not self._take("]"):
            if parts:
                self._expect(",")
            parts.append(self._deeper(self._value))
        return lambda results: [part(results) for part in parts]

    def _reference(self, said: str) -> _Part:
        match = REFERENCE.fullmatch(said)
        if match is None or not match["task"]:
            raise ConditionError(f"{said!r} is not a reference; write for example ${{download.path}}")
        self._references.append(Reference(TaskId(match["task"]), said, ("when",)))

        def value(results: Results) -> object:
            try:
                return resolve(said, results)
            except InvalidInputError:
                return _MISSING

        return value

    def _deeper(self, read: Callable[[], _Part]) -> _Part:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ConditionError("too many brackets inside one another")
        part = read()
        self._depth -= 1
        return part

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise ConditionError(f"{sign!r} is expected, not {self._word!r}")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ConditionError(f"{text[place : place + 20].strip()!r} is not understood; texts stand in quotes")
        kind = match.lastgroup or ""
        if kind == "word" and match[kind] not in _WORDS:
            raise ConditionError(f"{match[kind]!r} is not understood; texts stand in quotes")
        yield kind, match[kind]
        place = match.end()


def _constant(kind: str, said: str) -> object:
    if kind == "number":
        return float(said) if "." in said else int(said)
    if kind == "text":
        return re.sub(r"\\(.)", r"\1", said[1:-1])
    if kind == "word" and said in _CONSTANTS:
        return _CONSTANTS[said]
    raise ConditionError(f"a value is expected, not {said or 'the end'!r}; texts stand in quotes")


def _is_empty(value: object) -> bool:
    return value is _MISSING or value is None or (isinstance(value, str | list | Mapping) and not value)


def _truth(value: object, condition: str) -> bool:
    if value is _MISSING:
        raise ConditionUnclearError(condition, _NOT_THERE)
    return not _is_empty(value) and value is not False and value != 0


def _equal(left: object, right: object, condition: str) -> bool:
    left, right = _alike(left, right, condition)
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _alike(left: object, right: object, condition: str) -> tuple[object, object]:
    """Return both, a text that is a plain number as one if the other is a number."""
    if left is _MISSING or right is _MISSING:
        raise ConditionUnclearError(condition, _NOT_THERE)
    if _is_number(left) and isinstance(right, str):
        return left, _number(right)
    if _is_number(right) and isinstance(left, str):
        return _number(left), right
    return left, right


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(text: str) -> float | str:
    return float(text) if _NUMBER.fullmatch(text.strip()) else text


def _ordered(decide: Callable[[Any, Any], bool]) -> Callable[[object, object, str], bool]:
    def compare(left: object, right: object, condition: str) -> bool:
        left, right = _alike(left, right, condition)
        texts = isinstance(left, str) and isinstance(right, str)
        if not texts and not (_is_number(left) and _is_number(right)):
            raise ConditionUnclearError(condition, _NOT_COMPARABLE)
        return decide(left, right)

    return compare


def _is_in(left: object, right: object, condition: str) -> bool:
    if isinstance(right, Sequence) and not isinstance(right, str):
        return any(_equal(left, part, condition) for part in right)
    if left is _MISSING or right is _MISSING:
        raise ConditionUnclearError(condition, _NOT_THERE)
    if isinstance(left, str) and isinstance(right, str | Mapping):
        return left in right
    raise ConditionUnclearError(condition, _NOT_COMPARABLE)


_COMPARISONS: Final[Mapping[str, Callable[[object, object, str], bool]]] = {
    "==": _equal,
    "!=": lambda left, right, condition: not _equal(left, right, condition),
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
    "in": _is_in,
}
_NOT_THERE: Final = Sentence("etwas davon gibt es nicht", "something in it is not there")
_NOT_COMPARABLE: Final = Sentence("das lässt sich nicht vergleichen", "this cannot be compared")
