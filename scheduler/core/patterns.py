"""Compiles the patterns of intents for RE2, whose time is linear in the text whatever the pattern.

A pattern may use named parts (`{{send}}`), and its umlauts fit their ASCII spelling too: `für` fits "fuer", `straße`
"strasse". It meets the request in Unicode form NFC with single spaces, without regard to case.
"""

import functools
import itertools
import re
from collections.abc import Mapping
from typing import NamedTuple

import re2

_PART = re.compile(r"\{\{(\w+)\}\}")
_CLASS_OR_ESCAPE = re.compile(r"(\\.|\[\^?\]?(?:\\.|[^\]\\])*\])")
_SPELLINGS = {"ä": "(?:ä|ae)", "ö": "(?:ö|oe)", "ü": "(?:ü|ue)", "ß": "(?:ß|ss)"}
_GROUP = re.compile(r"(\(\?P?<)(\w+)>")
_UMLAUT = re.compile("[äöüß]")


class PatternError(ValueError):
    """A pattern cannot be used; the message says why."""


def expand(pattern: str, parts: Mapping[str, str]) -> str:
    """Return `pattern` with its named parts put in. Raises PatternError for a part that is not there."""

    def part(match: re.Match[str]) -> str:
        if match[1] not in parts:
            raise PatternError(f"there is no part {match[0]}; known: {', '.join(parts) or 'none'}")
        return f"(?:{parts[match[1]]})"

    return _PART.sub(part, pattern)


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
    """A compiled pattern. A group may stand in it twice under one name; the first that takes part counts."""

    def __init__(self, source: str) -> None:
        """Raises PatternError for what RE2 cannot read, backreferences and look-around among it."""
        number = itertools.count(1)
        unique = _GROUP.sub(lambda match: f"{match[1]}{match[2]}__{next(number)}>", _both_spellings(source))
        try:
            self._regexp = re2.compile(unique, _options())
        except re2.error as error:
            reason = error.args[0] if error.args else error
            raise PatternError(reason.decode() if isinstance(reason, bytes) else str(reason)) from error
        groups = sorted((index, name.rpartition("__")[0]) for name, index in self._regexp.groupindex.items())
        self._groups = tuple((name, index) for index, name in reversed(groups))
        self.names = frozenset(name for _, name in groups)

    def search(self, text: str) -> Fit | None:
        """Return the leftmost fit, or None."""
        found = self._regexp.search(text)
        if found is None:
            return None
        groups = {name: Span(*found.span(number)) for name, number in self._groups if found[number] is not None}
        return Fit(Span(*found.span()), dict(sorted(groups.items(), key=lambda group: group[1])))

    def fits(self, text: str) -> bool:
        """Whether it fits anywhere; cheaper than `search`."""
        return self._regexp.search(text) is not None

    def remove(self, text: str, replacement: str = "") -> str:
        """Return the text with the leftmost fit replaced."""
        return str(self._regexp.sub(replacement, text, count=1))


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
