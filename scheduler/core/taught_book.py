"""What one tenant has taught, held against every part of a request: who means what, and what is left to be read.

A request is cut where orders may end. What an example explains wholly is its intent; what it explains only in part, or
what would swallow another order, is asked about. All else is read as if nothing had been taught.
"""

import functools
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from scheduler.core.intents import UNKNOWN, Intent, RoutedIntent
from scheduler.core.language import as_written, detect_locale, normalise
from scheduler.core.no_order import NoOrder
from scheduler.core.order_cuts import cut
from scheduler.core.order_reader import no_order, read_request
from scheduler.core.similarity import NearestExamples
from scheduler.core.slot_finder import find_slots, joined, slots_of
from scheduler.core.slot_roles import ROLES
from scheduler.core.slots import Said
from scheduler.core.taught import Example, Fit, alike, content_words, fit, keys_of

_LONGEST: Final = 2_000  # characters of a request that is held against examples; longer ones are texts
_MOST_PIECES: Final = 12
"""An order has no more pieces between places where orders may end, so that all its ways are tried in good time."""
_HALF: Final = 0.5
"""From this share on, what an example explains in part is asked about."""
_TELLING: Final = frozenset({"send_mail", "fetch_and_send", "create_appointment", "web_search"})
_LIST_MARK: Final = re.compile(r"^(?:\d{1,2}[.)]|[-–•])\s+")
_ASKS_WHETHER: Final = re.compile(r"(?i)(?:und |and )?(?:h[aä](?:tte|st|b)|did|ha[sd])\w* (?:du|sie|ihr|you) .*\?")
_SENTENCE_ENDS: Final = tuple(".!?;:…")
_NEAREST: Final = 3
_WHY: Final = {"de": "Ein beigebrachtes Beispiel: „{text}“", "en": "An example that was taught: “{text}”"}
_IN_PART: Final = {
    "de": "Ein beigebrachtes Beispiel erklärt nicht alles: „{text}“",
    "en": "An example that was taught does not explain all of it: “{text}”",
}


class TaughtPart(NamedTuple):
    """Words of a request, as they are written there, and what they mean by what was taught; None: nothing."""

    text: str
    routed: RoutedIntent | None = None


class _Meant(NamedTuple):
    """An example that fits some pieces of a request."""

    example: Example
    fit: Fit
    start: int
    end: int

    @property
    def whole(self) -> bool:
        return self.fit.share == 1 and not self.fit.swallows

    @property
    def in_part(self) -> bool:
        return not self.whole and (self.fit.share >= _HALF or self.fit.swallows)


class TaughtBook:
    """What one tenant has taught."""

    def __init__(self, intents: Mapping[str, Intent], examples: Sequence[Example] = ()) -> None:
        """`intents` are all that examples may mean, by name."""
        self.intents = intents
        self.examples = tuple(one for one in examples if one.intent in intents and one.anchors)
        self._keys = tuple(one.keys for one in self.examples)

    def route(self, message: str) -> RoutedIntent | None:
        """Return what is meant, by what was taught, by a request or the first of its parts; None: nothing surely."""
        return next((one.routed for one in self.parts(message) if one.routed and one.routed.name != UNKNOWN), None)

    def parts(self, message: str) -> tuple[TaughtPart, ...]:
        """Return a request part by part, in the sequence of its words; none where it has nothing that was taught.

        What an example explains in part only is "unknown", unsure, with the intent among its nearest.
        """
        lines = [normalise(line) for line in message.splitlines() if line.strip()]
        text = " ".join(lines)
        if not self.examples or len(text) > _LONGEST:
            return ()
        found, at, keys = list[TaughtPart](), 0, keys_of(content_words(text))
        examples = [(one, own) for one, own in zip(self.examples, self._keys, strict=True) if own <= keys]
        if not examples or no_order(text):
            return ()
        pieces = _Pieces(lines, examples)
        meant = _in_part(pieces, _whole(pieces))
        for one in meant:
            if at < one.start:
                found.append(TaughtPart(as_written(pieces.words(at, one.start), message)))
            words = pieces.words(one.start, one.end)
            found.append(TaughtPart(as_written(words, message), self._routed(one, words)))
            at = one.end
        if found and at < pieces.count:
            found.append(TaughtPart(as_written(pieces.words(at, pieces.count), message)))
        return tuple(found)

    def slots_of(self, intent: str, message: str) -> dict[str, str]:
        """Return what fills the slots of an intent that people say is meant, by the example that fits best."""
        text = normalise(message)
        words = content_words(text)
        fits = [(one, found) for one in self.examples if one.intent == intent and (found := fit(one, text, words))]
        if not fits:
            return slots_of(intent, text)
        example, best = max(fits, key=lambda one: one[1].share)
        return joined(_said(example, best, text))

    def nearest(self, message: str, others: Sequence[str], *, first: bool = True) -> tuple[str, ...]:
        """Return the intents most like a request: those taught that are among the most alike of all, then `others`.

        Not `first`: the taught ones come behind.
        """
        if not self.examples:
            return tuple(others)
        taught = {one.intent for one in self.examples}
        alike = (name for name in self.most_alike(message)[:_NEAREST] if name in taught)
        return tuple(dict.fromkeys((*alike, *others) if first else (*others, *alike)))[:_NEAREST]

    def most_alike(self, message: str) -> tuple[str, ...]:
        """Return the intents that have any example like a request, the most alike first."""
        return self._alike.nearest(normalise(message), len(self.intents))

    @functools.cached_property
    def _alike(self) -> NearestExamples:
        said = {name: () if one.own_slots else one.examples.values() for name, one in self.intents.items()}
        return NearestExamples(
            {name: [*itertools.chain(*texts), *self.sentences.get(name, ())] for name, texts in said.items()}
        )

    @functools.cached_property
    def sentences(self) -> Mapping[str, Sequence[str]]:
        """The examples that were taught, without their markup, by intent."""
        names = dict.fromkeys(one.intent for one in self.examples)
        return {name: [one.text for one in self.examples if one.intent == name] for name in names}

    def _routed(self, one: _Meant, words: str) -> RoutedIntent:
        locale = detect_locale(words)
        why = (_WHY if one.whole else _IN_PART)[locale].format(text=one.example.text)
        told = {"locale": locale, "way": "learned", "why": why}
        if not one.whole:
            return RoutedIntent(name=UNKNOWN, nearest=(one.example.intent,), unsure=True, **told)
        said = _said(one.example, one.fit, words)
        return RoutedIntent(**dict(self.intents[one.example.intent]), slots=joined(said), said=said, score=1.0, **told)


def _whole(pieces: "_Pieces") -> list[_Meant]:
    """Return what is explained wholly: as many pieces as can be, by as many orders."""
    best: list[tuple[int, int, tuple[_Meant, ...]]] = [(0, 0, ())]
    for end in range(1, pieces.count + 1):
        ways = [best[end - 1]]
        for start in range(max(end - _MOST_PIECES, 0), end):
            if (one := pieces.best(start, end)) is not None:
                explained, orders, before = best[start]
                ways.append((explained + end - start, orders + 1, (*before, one)))
        best.append(max(ways, key=lambda way: way[:2]))
    return list(best[-1][2])


def _in_part(pieces: "_Pieces", whole: Sequence[_Meant]) -> list[_Meant]:
    """Return what is explained wholly, and of the pieces between what is explained in part."""
    taken = {at for one in whole for at in range(one.start, one.end)}
    parts = [
        one
        for at in range(pieces.count)
        if at not in taken and (one := pieces.best(at, at + 1, in_part=True)) is not None
    ]
    return sorted((*whole, *parts), key=lambda one: one.start)


def _only_states(words: str) -> bool:
    """Whether grammar takes words for a statement; those of an order that was taught it may take for one, too."""
    return read_request(words).reason is NoOrder.STATEMENT


def _tells(words: str) -> bool:
    """Whether words are a known order that holds words for somebody: "Tell Tom to …"."""
    return any(one.intent in _TELLING for one in read_request(words).orders)


def _said(example: Example, found: Fit, text: str) -> tuple[Said, ...]:
    return found.slots if example.slots or example.intent not in ROLES else tuple(find_slots(example.intent, text))


class _Pieces:
    """A request between whose cuts orders may end, and the examples that may fit some of it."""

    def __init__(self, lines: Sequence[str], examples: Sequence[tuple[Example, frozenset[str]]]) -> None:
        """`lines` have single spaces; `examples` come with their keys."""
        self._text = " ".join(lines)
        self._examples = examples
        self._no_order = functools.cache(no_order)
        pieces, self._ordering = list[str](), set[int]()
        for line in lines:
            if pieces and read_request(_LIST_MARK.sub("", line)).orders:
                self._ordering.add(len(pieces))
            *others, last = cut(line)
            pieces += [*others, f"{last} "]
        self.count: Final = len(pieces)
        self._places = [0]
        for piece in pieces:
            self._places.append(self._places[-1] + len(piece))
        ends = [at for at, piece in enumerate(pieces, 1) if piece.rstrip().endswith(_SENTENCE_ENDS)]
        self._sentences = sorted({0, *ends, *self._ordering, self.count})

    def words(self, start: int, end: int) -> str:
        return _LIST_MARK.sub("", self._text[self._places[start] : self._places[end]].strip(" ,;-–•"))

    def best(self, start: int, end: int, *, in_part: bool = False) -> _Meant | None:
        """Return the example that explains the pieces, wholly or `in_part`; None: none, or nothing is ordered there.

        Nothing goes on into a line that orders something by itself.
        """
        if any(start < line < end for line in self._ordering):
            return None
        words = self.words(start, end)
        content = content_words(words)
        keys = keys_of(content)
        near = (one for one, own in self._examples if own <= keys)
        fits = [_Meant(one, found, start, end) for one in near if (found := fit(one, words, content)) is not None]
        fits = [one for one in fits if (one.in_part if in_part else one.whole)]
        if not fits or not self._may_be_ordered(words, start, end):
            return None
        if _only_states(words):
            fits = [one for one in fits if _only_states(one.example.text)]
        if in_part and _tells(words):
            fits = [one for one in fits if alike(one.example.anchors, content[0][0])]
        return max(fits, key=lambda one: (one.fit.share, len(one.example.anchors)), default=None)

    def _may_be_ordered(self, words: str, start: int, end: int) -> bool:
        """Whether pieces may be an order: not asked, past, negated ..., nor words that another order is to tell."""
        sentences = [
            self.words(first, last) for first, last in pairwise(self._sentences) if first < end and last > start
        ]
        if any(map(self._no_order, {words, *sentences})) or _ASKS_WHETHER.fullmatch(words) or self._is_told(start):
            return False
        begin = self._places[start]
        return not any(first < begin < last for first, last in self._known)

    def _is_told(self, start: int) -> bool:
        """Whether a known order stands before, with a colon: "Such im Web nach: …"."""
        before = self.words(start - 1, start) if start else ""
        return before.endswith(":") and any(one.intent for one in read_request(before).orders)

    @functools.cached_property
    def _known(self) -> list[tuple[int, int]]:
        """Where the orders stand whose intents grammar knows."""
        return list(self._orders())

    def _orders(self) -> Iterator[tuple[int, int]]:
        for order in read_request(self._text).orders:
            at = self._text.find(order.text)
            if order.intent and at >= 0:
                yield at, at + len(order.text)
