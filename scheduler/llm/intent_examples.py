"""The sentences that office intents are learned from: those of `intents.yaml`, and many more beside it."""

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from scheduler.core.intents import UNKNOWN, Intent, IntentFileError
from scheduler.core.job import Locale
from scheduler.core.language import detect_locale, normalise
from scheduler.core.strict_yaml import read_strictly

_LONGEST_JOINED: Final = 110
_MOST_JOINED: Final = 3
_BETWEEN: Final[Mapping[Locale, Sequence[str]]] = {
    "de": (" und ", ", dann ", " und dann ", ". Danach ", ". Außerdem ", ", und danach ", ", ", "; ", " & ", ". "),
    "en": (" and ", ", then ", " and then ", ". Afterwards ", ". Then ", ", also ", ", ", "; ", " & ", ". "),
}
DEFAULT_FILE: Final = Path(__file__).parents[1] / "config" / "intent_examples.yaml"
SEVERAL: Final = "several"
"""Under this name the file holds requests of more than one order."""
ORDERS: Final = "orders"
"""Under this name the file holds single orders of these, cut out as `order_cuts` cuts, by their intents."""


@functools.lru_cache(maxsize=1)
def _said_in(text: str) -> Any:  # noqa: ANN401 - as in yaml
    """Return what the file says; a start asks three times."""
    return read_strictly(text)


def examples_of(intents: Iterable[Intent], path: Path = DEFAULT_FILE) -> list[tuple[str, str]]:
    """Return (sentence, name of its intent), each sentence once; intents that are not configured are left out.

    Raises IntentFileError for a file of another form than intent -> locale -> one sentence a line.
    """
    own = list(intents)
    document = _said_in(path.read_text(encoding="utf-8"))
    found = [(text, one.name) for one in own for texts in one.examples.values() for text in texts]
    try:
        for one in own:
            lines = (line for block in document.get(one.name, {}).values() for line in block.splitlines())
            found += [(line, one.name) for line in lines if line.strip()]
    except AttributeError as error:
        raise IntentFileError(f"{path}: expected intent, then locale, then one sentence a line") from error
    return list({one: (one, name) for one, name in ((normalise(text), name) for text, name in found)}.values())


def orders_of(intents: Collection[str], path: Path = DEFAULT_FILE) -> list[tuple[str, str]]:
    """Return (words, name of its intent) of orders that stand among others in one request.

    Raises IntentFileError for a file of another form.
    """
    document = _said_in(path.read_text(encoding="utf-8")).get(ORDERS, {})
    try:
        blocks = [(name, block) for name in document if name in intents for block in document[name].values()]
        return [(normalise(line), name) for name, block in blocks for line in block.splitlines() if line.strip()]
    except AttributeError as error:
        raise IntentFileError(f"{path}: expected {ORDERS}, then intent, then locale, then one order a line") from error


def several_of(path: Path = DEFAULT_FILE) -> list[str]:
    """Return requests of more than one order. Raises IntentFileError for a file of another form."""
    document = _said_in(path.read_text(encoding="utf-8"))
    try:
        lines = (line for block in document.get(SEVERAL, {}).values() for line in block.splitlines())
        return list(dict.fromkeys(normalise(line) for line in lines if line.strip()))
    except AttributeError as error:
        raise IntentFileError(f"{path}: expected {SEVERAL}, then locale, then one request a line") from error


def joined_at_random(pairs: Sequence[tuple[str, str]], count: int = 300, seed: int = 3) -> list[str]:
    """Return requests of two or three orders, made of the examples of intents; the same ones each time."""
    chance = Random(seed)  # noqa: S311 - no secret hangs on it
    by_language = dict[Locale, list[str]](de=[], en=[])
    for text, name in pairs:
        if name != UNKNOWN and len(text) <= _LONGEST_JOINED:
            by_language[detect_locale(text)].append(text.rstrip(".!? "))
    languages = [one for one in _BETWEEN if len(by_language[one]) >= _MOST_JOINED]
    found = []
    for _ in range(count if languages else 0):
        language = chance.choice(languages)
        first, *others = chance.sample(by_language[language], chance.choice((2, 2, 2, _MOST_JOINED)))
        found.append(first + "".join(chance.choice(_BETWEEN[language]) + one[:1].lower() + one[1:] for one in others))
    return found
