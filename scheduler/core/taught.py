"""What people have taught: sentences as examples of intents, whole intents with their templates; and what fits one.

An example may mark what fills a slot: "storniere die Bestellung [order_id:881]". Words mean what an example does when
they have all the words of the example that carry meaning, in whatever order and form, and nothing else that does.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict

from scheduler.core.closing_words import PLEASE_WORDS, THANKS_WORDS
from scheduler.core.ids import TenantId
from scheduler.core.language import normalise
from scheduler.core.letters import word_set
from scheduler.core.lexicon import fold, lexicon
from scheduler.core.slot_finder import find_slots
from scheduler.core.slots import Said, clean

_MARKED: Final = re.compile(r"\[(?P<slot>[a-z][a-z0-9_]{0,63}):(?P<words>[^\[\]]+)\]")
_WORD: Final = re.compile(r"[^\W_][\w@.'’/-]*[^\W_]|[^\W_]")
_VALUE_END: Final = re.compile(r"\s*(?:[,.;!?](?=\s|$)|$)")
_SMALL: Final = ("determiners", "prepositions", "adverbs", "pronouns", "modal", "self", "auxiliary")
_ALIKE: Final = 0.7
_SHORTEST_STEM: Final = 4
_AND: Final = word_set("und and &")
_JOINING: Final = word_set("und and aber but bevor ehe before nachdem after")
_COURTESY: Final = word_set("hallo hi hey hello moin gruss gruesse greetings regards lieben viele beste besten guten")
_EXCLUDING: Final = word_set("ohne without")
"""Small words that change what is ordered."""
_LAST_WORDS: Final = PLEASE_WORDS | THANKS_WORDS | {"mal"}
_LIGHT: Final = word_set(
    """
    mach mache machen tu tue tun do make get give gib gebe geben nimm nehme nehmen take put set lass lassen let bring
    bringe bringen erledige erledigen kuemmer kuemmere kuemmern handle leg lege legen stell stelle stellen hol hole
    holen fertig klar ready done
    """
)
"""Words that anything may be done with: alone they tell no intent."""


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

    @property
    def keys(self) -> frozenset[str]:
        """What words begin with that may be its anchors; see `keys_of`."""
        return frozenset(map(_key, self.anchors))


class Fit(NamedTuple):
    """How words fit an example that they have all the anchors of.

    `share` of those that carry meaning are explained, 1: all of them. `swallows`: what would fill a slot holds what may
    be another order, so it fills none.
    """

    share: float
    slots: tuple[Said, ...] = ()
    swallows: bool = False


def read_example(intent: str, marked: str) -> Example:
    """Read a sentence with its markup; of an intent that comes with CPA the slots are found without.

    What is left of a sentence without them may tell no intent ("mach … fertig"): then it means only what it says.
    """
    text, slots, at = "", list[Said](), 0
    for match in _MARKED.finditer(marked := normalise(marked)):
        text += marked[at : match.start()]
        slots.append(Said(match["slot"], match["words"], len(text), len(text) + len(match["words"])))
        text, at = text + match["words"], match.end()
    text += marked[at:]
    found = slots or [one for one in find_slots(intent, text) if one.start >= 0]
    words = content_words(text)
    anchors = [word for word, start, _ in words if not any(one.start <= start < one.end for one in found)]
    if not slots and set(anchors) <= _LIGHT:
        anchors = [word for word, _, _ in words]
    return Example(intent, text, tuple(anchors), tuple(slots))


def mark(text: str, slots: Mapping[str, str]) -> str:
    """Return a sentence with the words marked that fill slots in it."""
    for slot, words in slots.items():
        place = re.search(rf"(?<![\w\[:]){re.escape(words)}(?![\w\]])", text)
        if words and place is not None:
            text = f"{text[: place.start()]}[{slot}:{words}]{text[place.end() :]}"
    return text


def without_slot(marked: str, slot: str) -> tuple[str, str] | None:
    """Return a sentence with a gap where it marks what fills a slot, and what fills it there; None: it does not."""
    found = next((match for match in _MARKED.finditer(marked) if match["slot"] == slot), None)
    if found is None:
        return None
    return _MARKED.sub(lambda match: "…" if match["slot"] == slot else match["words"], marked), found["words"]


def slots_marked(examples: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the slots that examples mark."""
    return tuple(dict.fromkeys(match["slot"] for one in examples for match in _MARKED.finditer(one)))


def keys_of(content: Iterable[tuple[str, int, int]]) -> frozenset[str]:
    """Return what words begin with that carry meaning: no example fits them whose `keys` are not all among these."""
    return frozenset(_key(word) for word, _, _ in content)


def fit(example: Example, text: str, content: Sequence[tuple[str, int, int]]) -> Fit | None:
    """Return how words fit an example; None unless all its own are among them.

    `text` has single spaces, `content` are its words that carry meaning.
    """
    places = dict[str, tuple[int, int]]()
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
            return None
        places[anchor] = place
    slots = [one for slot in example.slots if (one := _value(slot, example, text, places)) is not None]
    kept = [one for one, slot in ((one, _marked(example, one.slot)) for one in slots) if not _swallows(one.words, slot)]
    found = kept or ([] if example.slots else [one for one in find_slots(example.intent, text) if one.start >= 0])
    known = sum(
        1 for _, start, end in content
        if (start, end) in places.values() or any(one.start <= start < one.end for one in found)
    )  # fmt: skip
    return Fit(known / len(content), tuple(kept), swallows=len(kept) < len(slots))


def _marked(example: Example, slot: str) -> str:
    return next(one.words for one in example.slots if one.slot == slot)


def _swallows(words: str, marked: str) -> bool:
    """Whether the words for a slot may hold another order: a verb, or a small letter where only names are marked.

    "Einkauf und schließ Teams" does, "Forschung und Entwicklung" does not.
    """
    first, *others = [match[0] for match in _WORD.finditer(words)] or [""]
    if any(word[0].islower() and any(one.orders for one in lexicon().meanings(word)) for word in others):
        return True
    joined = next((at for at, word in enumerate(others) if fold(word) in _JOINING), None)
    if joined is not None and not _JOINING & {fold(word) for word in marked.split()}:
        behind = others[joined + 1 :]
        return not all(word[0].isupper() for word in behind) and (first[:1].isupper() or len(behind) > 1)
    return first[:1].isupper() and any(_common(words)) and not any(_common(marked))


def _common(words: str) -> Iterator[str]:
    """Yield the words that carry meaning and begin with a small letter."""
    yield from (word for word, start, _ in content_words(words) if words[start].islower() and word.isalpha())


def _value(slot: Said, example: Example, text: str, places: Mapping[str, tuple[int, int]]) -> Said | None:
    """Return what fills a slot here: what follows the word that it follows in the example, of the same kind."""
    before = [word for word, start, _ in content_words(example.text) if start < slot.start and word in places]
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
    if len(content_words(slot.words)) == len(_WORD.findall(slot.words)):
        end = min(end, _end_of_words(text, at, end))
    stop = _VALUE_END.search(text, at)
    words = clean(slot.slot, text[at : min(end, stop.start() if stop else end)])
    start = text.find(words, at) if words else -1
    return Said(slot.slot, words, start, start + len(words)) if start >= 0 else None


def _end_of_words(text: str, at: int, most: int) -> int:
    """Return where the first run of words that carry meaning ends: "b.txt" of "b.txt bitte ins"; "und" goes on."""
    last = most
    for _, start, end in content_words(text):
        if at <= start < most:
            if last < start - 1 and text[last:start].strip().casefold() not in _AND:
                break
            last = end
    return last


def content_words(text: str) -> list[tuple[str, int, int]]:
    """Return the words that carry meaning, folded, with their places; the particle that ends a clause is one."""
    words = list(_WORD.finditer(text))
    last = next((one for one in reversed(words) if fold(one[0]) not in _LAST_WORDS), None)
    return [(fold(one[0]), *one.span()) for one in words if not _is_small(one[0], last=one is last)]


def _is_small(word: str, *, last: bool) -> bool:
    """Whether a word says nothing of what is ordered. At the end "an" is part of a verb: "wirf Teams an"."""
    key, kinds = fold(word), {one.kind for one in lexicon().meanings(word)}
    if key in _EXCLUDING or any(map(str.isdigit, word)) or (last and "prepositions" in kinds):
        return False
    return key in _JOINING | _COURTESY or not kinds.isdisjoint(_SMALL)


def alike(anchors: Iterable[str], word: str) -> bool:
    """Whether a word is a form of one of these."""
    return any(_alike(one, word) for one in anchors)


def _key(word: str) -> str:
    return word[:_SHORTEST_STEM]


def _alike(one: str, other: str) -> bool:
    """Whether two words are forms of one: they begin alike."""
    common = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        common += 1
    return one == other or (common >= _SHORTEST_STEM and common >= _ALIKE * max(len(one), len(other)))
