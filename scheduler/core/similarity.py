"""Says how alike texts are by shared letters, and whose examples look most like a request: cheap, always the same."""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping

_LONGEST = 500  # characters compared; the rest of a long request would only blur it
_FLOOR = 0.15  # below it two sentences share no more than any two of one language do


class NearestExamples:
    """Example sentences by intent. Likeness is the Dice coefficient of the sets of letter triples."""

    def __init__(self, examples: Mapping[str, Iterable[str]]) -> None:
        self._names = list(examples)
        known = [(place, _triples(text)) for place, texts in enumerate(examples.values()) for text in texts]
        self._intents = [place for place, _ in known]
        self._sizes = [len(triples) for _, triples in known]
        self._having: dict[str, list[int]] = {}
        """The examples that a triple stands in: only these need be compared."""
        for number, (_, triples) in enumerate(known):
            for triple in triples:
                self._having.setdefault(triple, []).append(number)

    def nearest(self, text: str, count: int = 3) -> tuple[str, ...]:
        """Return up to `count` intents, the most alike first, those registered first before others as much alike."""
        wanted, scores = _triples(text[:_LONGEST]), [0.0] * len(self._names)
        shared = Counter(itertools.chain.from_iterable(self._having.get(triple, ()) for triple in wanted))
        for number, both in shared.items():
            score = 2 * both / (len(wanted) + self._sizes[number])
            scores[self._intents[number]] = max(scores[self._intents[number]], score)
        ranked = sorted(range(len(scores)), key=lambda place: -scores[place])
        return tuple(self._names[place] for place in ranked[:count] if scores[place] >= _FLOOR)


def likeness(one: str, other: str) -> float:
    """Return how alike two texts are, from 0 to 1."""
    return _dice(_triples(one[:_LONGEST]), _triples(other[:_LONGEST]))


def _triples(text: str) -> frozenset[str]:
    words = (f" {word} " for word in text.casefold().split())
    return frozenset(word[start : start + 3] for word in words for start in range(len(word) - 2))


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    together = len(one) + len(other)
    return 2 * len(one & other) / together if together else 0.0
