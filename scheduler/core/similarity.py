"""Says how alike texts are by shared letters, and whose examples look most like a request: cheap, always the same."""

from collections.abc import Iterable, Mapping

_LONGEST = 500  # characters compared; the rest of a long request would only blur it
_FLOOR = 0.15  # below it two sentences share no more than any two of one language do


class NearestExamples:
    """Example sentences by intent. Likeness is the Dice coefficient of the sets of letter triples."""

    def __init__(self, examples: Mapping[str, Iterable[str]]) -> None:
        self._triples = {name: [_triples(text) for text in texts] for name, texts in examples.items()}

    def nearest(self, text: str, count: int = 3) -> tuple[str, ...]:
        """Return up to `count` intents, the most alike first, those registered first before others as much alike."""
        wanted = _triples(text[:_LONGEST])
        scores = {
            name: max((_dice(wanted, triples) for triples in known), default=0.0)
            for name, known in self._triples.items()
        }
        ranked = sorted(scores, key=lambda name: -scores[name])
        return tuple(name for name in ranked[:count] if scores[name] >= _FLOOR)


def likeness(one: str, other: str) -> float:
    """Return how alike two texts are, from 0 to 1."""
    return _dice(_triples(one[:_LONGEST]), _triples(other[:_LONGEST]))


def _triples(text: str) -> frozenset[str]:
    words = (f" {word} " for word in text.casefold().split())
    return frozenset(word[start : start + 3] for word in words for start in range(len(word) - 2))


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    together = len(one) + len(other)
    return 2 * len(one & other) / together if together else 0.0
