"""How well requests are understood whose set was not learned: rules alone, what was learned alone, and both weighed.

Each development set of `tests/language` is asked of a model that learned from the other sets and all other examples.
`python -m bench.learned` prints the shares, who is right where rules and learned disagree, and the weights to put into
`scheduler/llm/readings.py`. Other files of that form may be named; they only are asked.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from scheduler.llm.sentence_encoder import one_thread

one_thread()

import numpy as np  # noqa: E402 - after the threads are set
import yaml  # noqa: E402
from scipy.optimize import minimize  # noqa: E402
from scipy.special import softmax  # noqa: E402

from bench.report import show  # noqa: E402
from scheduler.core.compound import Orders, split_orders  # noqa: E402
from scheduler.core.intent_router import IntentRouter  # noqa: E402
from scheduler.core.intents import UNKNOWN  # noqa: E402
from scheduler.core.language import normalise  # noqa: E402
from scheduler.llm.intent_examples import examples_of, joined_at_random, orders_of, several_of  # noqa: E402
from scheduler.llm.intent_learning import learn  # noqa: E402
from scheduler.llm.intent_model import IntentModel, Numbers  # noqa: E402
from scheduler.llm.known_vectors import KnownVectors  # noqa: E402
from scheduler.llm.learned_intent_router import LearnedIntentRouter  # noqa: E402
from scheduler.llm.readings import Reading, Signs, readings  # noqa: E402
from scheduler.llm.sentence_encoder import SentenceEncoder, UniversalSentenceEncoder  # noqa: E402

SETS: Final = Path(__file__).parents[1] / "tests" / "language"
UNTUNED: Final = frozenset({"dev_requests_15", "dev_requests_16", "dev_requests_17"})
"""On these sets rules were hardly tuned, so they show best how far rules can be believed."""
_UNTUNED: Final = 3.0
_OF_SEVERAL: Final = 1.2
BANDS: Final = (0.0, 0.5, 0.7, 0.9, 0.97, 1.01)


class Asked(NamedTuple):
    """A request, the intents it has (none: it is no request), and what each way made of it."""

    text: str
    wanted: list[str]
    rules: list[str]
    learned: str
    share: float
    both: list[str]
    readings: list[Reading]


def requests_of(document: Mapping[str, Any]) -> Iterable[tuple[str, list[str]]]:
    """Yield the requests of a set with their intents in the order of doing; none for what is no order."""
    for one in (*document["de"], *document["en"]):
        yield one["t"], one["i"] if isinstance(one["i"], list) else [one["i"]]
    for one in (*document.get("no_order", ()), *document.get("refused", ())):
        yield one if isinstance(one, str) else one["t"], []


def model_without(texts: Sequence[str], rules: IntentRouter, encoder: SentenceEncoder) -> IntentModel:
    """Return what all examples teach that are no part of these requests."""
    whole = "\n".join(map(normalise, texts))
    pairs = [(text, name) for text, name in examples_of(rules.intents) if text not in whole]
    several = [text for text in several_of() if text not in whole]
    known = learn(
        encoder,
        [text for text, _ in pairs],
        [name for _, name in pairs],
        tolerance=3e-3,
        several=[*several, *joined_at_random(pairs)],
        orders=[(text, name) for text, name in orders_of({one.name for one in rules.intents}) if text not in whole],
    )
    return IntentModel(encoder, known)


def asked_of(path: Path, rules: IntentRouter, encoder: SentenceEncoder) -> Iterator[Asked]:
    """Yield what is made of each request of a set by what was learned without it."""
    requests = list(requests_of(yaml.safe_load(path.read_text(encoding="utf-8"))))
    model = model_without([text for text, _ in requests], rules, encoder)
    router = LearnedIntentRouter(rules, model)
    for text, wanted in requests:
        read = rules.orders(text)
        said = normalise(text)
        guess = model.guess(said)
        known = [part for part in read.parts if part.routed.name != UNKNOWN]
        yield Asked(
            text,
            wanted,
            _names(split_orders(text, rules)),
            guess.intents[0],
            guess.shares[0],
            _names(split_orders(text, rules, router)),
            readings(said, guess, known, model.glance),
        )


def _names(orders: Orders) -> list[str]:
    return [part.routed.name for part in orders.parts]


def share(right: Iterable[bool]) -> str:
    found = list(right)
    return f"{np.mean(found):.3f}" if found else "-"


def table(sets: Mapping[str, Sequence[Asked]]) -> None:
    """Print the shares of each set, and who is right where rules and learned disagree."""
    rows = []
    for name, asked in sets.items():
        wanted = [one for one in asked if one.wanted]
        single = [one for one in wanted if len(one.wanted) == 1]
        several = [one for one in wanted if len(one.wanted) > 1]
        others = [one for one in asked if not one.wanted]
        rows.append(
            [
                name,
                share(one.rules == one.wanted for one in single),
                share(one.rules == one.wanted for one in several),
                share([one.learned] == one.wanted for one in single),
                share(one.both == one.wanted for one in single),
                share(one.both == one.wanted for one in several),
                share(one.both == one.wanted for one in wanted),
                f"{sum(_acts(one) for one in others)}/{len(others)}",
            ]
        )
    heading = ["set", "rules: one", "several", "learned: one", "both: one", "several", "all", "acts"]
    show("Requests read rightly that were not learned", heading, rows)
    counts = Counter(_who_is_right(one) for asked in sets.values() for one in asked if _disagree(one))
    bands = [f"{low:.2f}" for low, _ in pairwise(BANDS)]
    whose = ("rules", "learned", "none")
    rows = [[band, *(str(counts[band, who]) for who in whose)] for band in bands]
    show("Where they disagree: who is right, by the share of belief of what was learned", ["from", *whose], rows)


def _acts(one: Asked) -> bool:
    return any(name != UNKNOWN for name in one.both)


def _disagree(one: Asked) -> bool:
    return len(one.wanted) == 1 and one.rules != [one.learned]


def _who_is_right(one: Asked) -> tuple[str, str]:
    band = next(low for low, high in pairwise(BANDS) if low <= one.share < high)
    who = "rules" if one.rules == one.wanted else "learned" if [one.learned] == one.wanted else "none"
    return f"{band:.2f}", who


def weights(sets: Mapping[str, Sequence[Asked]]) -> dict[str, float]:
    """Return how much each sign of a reading counts: that which makes the right readings likeliest (ridge)."""
    choices = []
    for name, asked in sets.items():
        for one in asked:
            intents = [list(reading.intents) for reading in one.readings]
            if one.wanted in intents:
                counts = (_UNTUNED if name in UNTUNED else 1.0) * (_OF_SEVERAL if len(one.wanted) > 1 else 1.0)
                choices.append((np.array([way.signs for way in one.readings]), intents.index(one.wanted), counts))

    def loss(weight: Numbers) -> tuple[float, Numbers]:
        total, slope = weight @ weight / 2, weight.copy()
        for signs, right, counts in choices:
            shares = softmax(signs @ weight)
            total -= counts * np.log(max(shares[right], 1e-12))
            slope += counts * (shares @ signs - signs[right])
        return float(total), slope

    found = minimize(loss, np.zeros(len(Signs._fields)), jac=True, method="L-BFGS-B").x
    return dict(zip(Signs._fields, found.round(2).tolist(), strict=True))


def main() -> None:
    rules, encoder = IntentRouter.default(), KnownVectors(UniversalSentenceEncoder())
    own = sorted(SETS.glob("dev_requests*.yaml"))
    named = [Path(one) for one in sys.argv[1:]]
    sets = {path.stem: list(asked_of(path, rules, encoder)) for path in named or own}
    table(sets)
    for name, one in ((name, one) for name, asked in sets.items() for one in asked):
        if (one.both != one.wanted) if one.wanted else _acts(one):
            read = ("+".join(names) or "none" for names in (one.wanted, one.rules, one.both))
            print(name, *read, f"{one.learned} {one.share:.2f}", one.text, sep=" | ", file=sys.stderr)
    if not named:
        print(weights(sets))


if __name__ == "__main__":
    main()
