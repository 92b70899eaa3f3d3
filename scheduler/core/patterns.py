"""Compiles the patterns of intents for RE2, whose time is linear in the text whatever the pattern.

A pattern may use named parts (`{{send}}`), and its umlauts fit their ASCII spelling too: `für` fits "fuer", `straße`
"strasse". It meets the request in Unicode form NFC with single spaces, without regard to case.
"""

import functools
import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import re2

_PART = re.compile(r"\{\{(\w+)\}\}")
_CLASS_OR_ESCAPE = re.compile(r"(\\.|\[\^?\]?(?:\\.|[^\]\\])*\])")
_SPELLINGS = {"ä": "(?:ä|ae)", "ö": "(?:ö|oe)", "ü": "(?:ü|ue)", "ß": "(?:ß|ss)"}
_GROUP = re.compile(r"(\(\?P?<)(\w+)>")
_UMLAUT = re.compile("[äöüß]")
_TELLS_CASE = re.compile(r"\(\?[a-zA-Z]*-[a-zA-Z]*i|\\[pP]")
"""A part without `i` among its flags, or a class of letters that may be one of capitals."""


class PatternError(ValueError):
    """A pattern cannot be used; the message says why."""


def expand(pattern: str, parts: Mapping[str, str]) -> str:
    """Return `pattern` with its named parts put in. Raises PatternError for a part that is not there."""

    def part(match: re.Match[str]) -> str:
        if match[1] not in parts:
            raise PatternError(f"there is no part {match[0]}; known: {', '.join(parts) or 'none'}")
        return f"(?:{parts[match[1]]})"

    return _PART.sub(part, pattern)


def any_of(patterns: Sequence[str]) -> str:
    """Return one pattern that fits where any of `patterns` does, the first of them first."""
    return "|".join(f"(?:{pattern})" for pattern in patterns)


def expand_parts(parts: Mapping[str, str]) -> dict[str, str]:
    """Return the parts with the parts inside them put in; each may use those before it."""
    known: dict[str, str] = {}
    for name, pattern in parts.items():
        try:
            known[name] = expand(pattern, known)
        except PatternError as error:
            raise PatternError(f"part {name!r}: {error}") from error
    return known


class Span(NamedTuple):
    """A stretch of the text."""

    start: int
    end: int


class Fit(NamedTuple):
    """Where a pattern fits, and where its groups do: by name, those that took part, in the order of the text."""

    whole: Span
    groups: dict[str, Span]


class Pattern:
    """A pattern, compiled when it is first asked.

    A group may stand in it twice under one name; the first that takes part counts.
    """

    def __init__(self, source: str) -> None:
        self._spelled = _both_spellings(source)
        self.without_names = _GROUP.sub("(?:", self._spelled)
        self.names = frozenset(match[2] for match in _GROUP.finditer(self._spelled))

    def check(self) -> None:
        """Raises PatternError for what RE2 cannot read, backreferences and look-around among it."""
        try:
            re2.compile(self.without_names, _options())
        except re2.error as error:
            reason = error.args[0] if error.args else error
            raise PatternError(reason.decode() if isinstance(reason, bytes) else str(reason)) from error

    @functools.cached_property
    def _regexp(self) -> Any:  # noqa: ANN401 - the library has no types
        number = itertools.count(1)
        unique = _GROUP.sub(lambda match: f"{match[1]}{match[2]}__{next(number)}>", self._spelled)
        return re2.compile(unique, _options())

    @functools.cached_property
    def _groups(self) -> tuple[tuple[str, int], ...]:
        groups = sorted((index, name.rpartition("__")[0]) for name, index in self._regexp.groupindex.items())
        return tuple((name, index) for index, name in reversed(groups))

    def search(self, text: str) -> Fit | None:
        """Return the leftmost fit, or None."""
        found = self._regexp.search(_cheapest(text))
        if found is None:
            return None
        spans = ((name, Span(*found.span(number))) for name, number in self._groups)
        groups = {name: span for name, span in spans if span.start >= 0}
        return Fit(Span(*found.span()), dict(sorted(groups.items(), key=lambda group: group[1])))

    def fits(self, text: str) -> bool:
        """Whether it fits anywhere; cheaper than `search`."""
        return self._regexp.search(_cheapest(text)) is not None

    def remove(self, text: str, replacement: str = "") -> str:
        """Return the text with the leftmost fit replaced."""
        found = self._regexp.search(_cheapest(text))
        return text if found is None else text[: found.start()] + replacement + text[found.end() :]


def _cheapest(text: str) -> str | bytes:
    """Return the text in the form in which places in it cost least to find; they are the same in both."""
    return text.encode() if text.isascii() else text


class PatternSet:
    """Many patterns asked at once: one pass over the text finds the words that they need, then few are left to try.

    They are tried on the text in small letters, all in one call of the library. Patterns that tell capitals from small
    letters are left to whoever asks, and so is everything where small letters are more than the capitals were.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        """Raises PatternError for one that RE2 cannot read."""
        tell_case = [_TELLS_CASE.search(one.without_names) is not None for one in patterns]
        self._groups = [
            _Filtered(tuple((place, patterns[place]) for place, tells in enumerate(tell_case) if tells == cased), cased)
            for cased in (False, True)
            if cased in tell_case
        ]

    def candidates(self, text: str) -> Sequence[int]:
        """Return the places, in order, of the patterns that may fit; no other does."""
        small = text.lower()
        return sorted(place for group in self._groups for place in group.places(small, sure=len(small) == len(text)))


class _Filtered:
    """Patterns with their places, all or none of which tell capitals from small letters."""

    def __init__(self, patterns: Sequence[tuple[int, Pattern]], cased: bool) -> None:
        self._places = [place for place, _ in patterns]
        self._cased = cased
        self._filter = re2.Filter()
        try:
            for _, pattern in patterns:
                self._filter.Add(pattern.without_names, _options())
            self._filter.Compile()
        except re2.error as error:
            raise PatternError(f"one of {len(patterns)} patterns cannot be read") from error

    def places(self, small: str, *, sure: bool) -> list[int]:
        """Return the places of those that fit, or may fit a text that is written so in small letters."""
        found = self._filter.Match(small, potential=self._cased or not sure)
        return [self._places[one] for one in found or ()]


def _both_spellings(pattern: str) -> str:
    pieces = _CLASS_OR_ESCAPE.split(pattern)
    return "".join(
        piece if number % 2 else _UMLAUT.sub(lambda match: _SPELLINGS[match[0]], piece)
        for number, piece in enumerate(pieces)
    )


@functools.cache
def _options() -> re2.Options:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return options
