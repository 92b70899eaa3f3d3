"""What people have taught: sentences as examples of intents, whole intents with their templates; and who means one.

An example may mark what fills a slot: "storniere die Bestellung [order_id:881]". A sentence means what an example does
when it has all the words of the example that carry meaning, in whatever order and form, and little else.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict

from scheduler.core.ids import TenantId
from scheduler.core.intents import Intent, RoutedIntent
from scheduler.core.language import detect_locale, normalise
from scheduler.core.lexicon import fold, lexicon
from scheduler.core.order_reader import no_order
from scheduler.core.slot_finder import find_slots, joined
from scheduler.core.slot_roles import ROLES
from scheduler.core.slots import Said, clean

_MARKED: Final = re.compile(r"\[(?P<slot>[a-z][a-z0-9_]{0,63}):(?P<words>[^\[\]]+)\]")
_WORD: Final = re.compile(r"[^\W_][\w@.'’/-]*[^\W_]|[^\W_]")
_VALUE_END: Final = re.compile(r"\s*(?:[,.;!?](?=\s|$)|$)")
_SMALL: Final = ("determiners", "prepositions", "adverbs", "pronouns", "modal", "self", "auxiliary")
_ALIKE: Final = 0.7
_EXPLAINED: Final = 0.6
_SHORTEST_STEM: Final = 4
_WHY: Final = {"de": "Ein beigebrachtes Beispiel: „{text}“", "en": "An example that was taught: “{text}”"}


class Taught(BaseModel):
    """One thing that was taught: an example of an intent (`text`), or a whole intent (`document`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    tenant: TenantId
    kind: Literal["example", "intent"]
    intent: str
    text: str = ""
    document: dict[str, Any] = {}
    reason: str = ""
    at: AwareDatetime


class Example(NamedTuple):
    """A sentence, its markup taken out: what means the intent in it (`anchors`), and what fills slots."""

    intent: str
    text: str
    anchors: tuple[str, ...]
    slots: tuple[Said, ...]


def read_example(intent: str, marked: str) -> Example:
    """Read a sentence with its markup; of an intent that comes with CPA the slots are found without."""
    text, slots, at = "", list[Said](), 0
    for match in _MARKED.finditer(marked := normalise(marked)):
        text += marked[at : match.start()]
        slots.append(Said(match["slot"], match["words"], len(text), len(text) + len(match["words"])))
        text, at = text + match["words"], match.end()
    text += marked[at:]
    found = slots or [one for one in find_slots(intent, text) if one.start >= 0]
    anchors = [word for word, start, _ in _content(text) if not any(one.start <= start < one.end for one in found)]
    return Example(intent, text, tuple(anchors), tuple(slots))


def slots_marked(examples: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the slots that examples mark."""
    return tuple(dict.fromkeys(match["slot"] for one in examples for match in _MARKED.finditer(one)))


class TaughtBook:
    """What one tenant has taught."""

    def __init__(self, intents: Mapping[str, Intent], examples: Sequence[Example]) -> None:
        """`intents` are all that examples may mean, by name."""
        self._intents = intents
        self._examples = [one for one in examples if one.intent in intents and one.anchors]

    def route(self, message: str) -> RoutedIntent | None:
        """Return what a sentence means by the example that explains most of it; None: by none."""
        text = normalise(message)
        if not self._examples or no_order(text):
            return None
        content = _content(text)
        best: tuple[float, Example, tuple[Said, ...]] | None = None
        for example in self._examples:
            score, slots = _fits(example, text, content)
            if score >= _EXPLAINED and (best is None or score > best[0]):
                best = score, example, slots
        if best is None:
            return None
        score, example, slots = best
        locale = detect_locale(text)
        said = slots if example.slots or example.intent not in ROLES else find_slots(example.intent, text)
        return RoutedIntent(
            **dict(self._intents[example.intent]),
            slots=joined(said),
            said=said,
            locale=locale,
            score=min(score, 1.0),
            way="learned",
            why=_WHY[locale].format(text=example.text),
        )


def _fits(example: Example, text: str, content: Sequence[tuple[str, int, int]]) -> tuple[float, tuple[Said, ...]]:
    """Return which share of the words the example explains, 0 unless all of its own are there; and what fills slots."""
    places: dict[str, tuple[int, int]] = {}
    for anchor in example.anchors:
        place = next(
            (
                (start, end)
                for word, start, end in content
                if _alike(anchor, word) and (start, end) not in places.values()
            ),
            None,
        )
        if place is None:
            return 0.0, ()
        places[anchor] = place
    slots = [one for slot in example.slots if (one := _value(slot, example, text, places)) is not None]
    found = slots or ([] if example.slots else [one for one in find_slots(example.intent, text) if one.start >= 0])
    known = sum(
        1 for _, start, end in content
        if (start, end) in places.values() or any(one.start <= start < one.end for one in found)
    )  # fmt: skip
    return known / len(content), tuple(slots)


def _value(slot: Said, example: Example, text: str, places: Mapping[str, tuple[int, int]]) -> Said | None:
    """Return what fills a slot here: what follows the word that it follows in the example, of the same kind."""
    before = [word for word, start, _ in _content(example.text) if start < slot.start and word in places]
    at = places[before[-1]][1] if before else 0
    if any(letter.isdigit() for letter in slot.words) or "@" in slot.words:
        sign = "@" if "@" in slot.words else None
        marks = [
            match for match in _WORD.finditer(text)
            if (sign in match[0] if sign else any(letter.isdigit() for letter in match[0]))
        ]  # fmt: skip
        match = next((one for one in marks if one.start() >= at), marks[0] if marks else None)
        return None if match is None else Said(slot.slot, match[0], *match.span())
    end = min((start for start, _ in places.values() if start >= at), default=len(text))
    if len(_content(slot.words)) == len(_WORD.findall(slot.words)):
        end = min(end, _end_of_words(text, at, end))
    stop = _VALUE_END.search(text, at)
    words = clean(slot.slot, text[at : min(end, stop.start() if stop else end)])
    start = text.find(words, at) if words else -1
    return Said(slot.slot, words, start, start + len(words)) if start >= 0 else None


def _end_of_words(text: str, at: int, most: int) -> int:
    """Return where the first run of words that carry meaning ends: "b.txt" of "b.txt bitte ins"."""
    last = most
    for _, start, end in _content(text):
        if at <= start < most:
            if last < start - 1:
                break
            last = end
    return last


def _content(text: str) -> list[tuple[str, int, int]]:
    """Return the words that carry meaning, folded, with their places."""
    return [
        (fold(match[0]), *match.span())
        for match in _WORD.finditer(text)
        if not any(one.kind in _SMALL for one in lexicon().meanings(match[0])) or any(map(str.isdigit, match[0]))
    ]


def _alike(one: str, other: str) -> bool:
    """Whether two words are forms of one: they begin alike."""
    common = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        common += 1
    return one == other or (common >= _SHORTEST_STEM and common >= _ALIKE * max(len(one), len(other)))
