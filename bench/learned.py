"""How well requests are understood whose set was not learned: rules alone, what was learned alone, and both weighed.

The development sets that rules were hardly tuned on are asked, some at a time, of what was learned from all others.
`python -m bench.learned` prints the shares, who is right where rules and learned disagree, and the weights to put into
`scheduler/llm/readings.py` and `scheduler/llm/ordering.py`; some minutes of CPU. Other files of that form may be named;
they only are asked.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from scheduler.core.strict_yaml import read_strictly
from scheduler.llm.one_thread import one_thread

one_thread()

import numpy as np  # noqa: E402 - after the threads are set
from scipy.optimize import minimize  # noqa: E402
from scipy.special import softmax  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

from bench.report import show  # noqa: E402
from scheduler.core.compound import Orders, split_orders  # noqa: E402
from scheduler.core.intent_router import IntentRouter  # noqa: E402
from scheduler.core.intents import UNKNOWN  # noqa: E402
from scheduler.core.language import normalise  # noqa: E402
from scheduler.llm import order_learning, shape_learning  # noqa: E402
from scheduler.llm.intent_examples import examples_of, joined_at_random, orders_of, several_of  # noqa: E402
from scheduler.llm.intent_learning import learn  # noqa: E402
from scheduler.llm.intent_model import IntentModel, Numbers  # noqa: E402
from scheduler.llm.known_vectors import KnownVectors  # noqa: E402
from scheduler.llm.learned_intent_router import LearnedIntentRouter  # noqa: E402
from scheduler.llm.order_examples import Example, intents_of, requests_of, sets, together  # noqa: E402
from scheduler.llm.order_look import LookModel  # noqa: E402
from scheduler.llm.order_model import OrderModel  # noqa: E402
from scheduler.llm.ordering import Evidence, evidence  # noqa: E402
from scheduler.llm.readings import Reading, Signs, readings  # noqa: E402
from scheduler.llm.sentence_encoder import SentenceEncoder, UniversalSentenceEncoder  # noqa: E402

UNTUNED: Final = tuple(f"dev_requests_{number}" for number in (*range(16, 23), *range(25, 44)))
"""On these sets rules were hardly tuned, so they show best how far rules can be believed."""
_AT_A_TIME: Final = 3
_OF_SEVERAL: Final = 1.2
_OF_WHOLE_REQUESTS: Final = ("whole_request", "whole_share", "whole_best")
BANDS: Final = (0.0, 0.5, 0.7, 0.9, 0.97, 1.01)


class Asked(NamedTuple):
    """A request, the intents it has (none: it is no request), and what each way made of it."""

    text: str
    wanted: tuple[str, ...]
    rules: tuple[str, ...]
    learned: str
    share: float
    both: tuple[str, ...]
    readings: list[Reading]
    evidence: Evidence


class Learned(NamedTuple):
    """What was learned without some requests."""

    model: IntentModel
    requests: OrderModel
    look: LookModel

    def router(self, rules: IntentRouter) -> LearnedIntentRouter:
        return LearnedIntentRouter(rules, self.model, requests=self.requests, look=self.look.belief)


def learned_without(texts: Sequence[str], rules: IntentRouter, encoder: SentenceEncoder) -> Learned:
    """Return what all examples and sets teach that are no part of these requests."""
    held = set(map(normalise, texts))
    whole = "\n".join(held)
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
    others = together((one for some in sets().values() for one in some if normalise(one.text) not in held), pairs)
    requests = OrderModel(order_learning.learn(others, intents_of(others)), shape_learning.learn(others))
    return Learned(IntentModel(encoder, known), requests, LookModel(shape_learning.learn_look(others)))


def held_out(
    names: Sequence[str], rules: IntentRouter, encoder: SentenceEncoder
) -> Iterator[tuple[str, list[Example], Learned]]:
    """Yield sets with what was learned without them, and without a few others."""
    known = sets()
    for start in range(0, len(names), _AT_A_TIME):
        some = names[start : start + _AT_A_TIME]
        learned = learned_without([one.text for name in some for one in known[name]], rules, encoder)
        yield from ((name, known[name], learned) for name in some)


def asked_of(requests: Iterable[Example], rules: IntentRouter, learned: Learned) -> Iterator[Asked]:
    """Yield what is made of each request."""
    router, model = learned.router(rules), learned.model
    for text, wanted in requests:
        read = rules.orders(text)
        said = normalise(text)
        guess, ways = model.guess(said), learned.requests.read(said)
        known = [part for part in read.parts if part.routed.name != UNKNOWN]
        yield Asked(
            text,
            wanted,
            _names(split_orders(text, rules)),
            guess.intents[0],
            guess.shares[0],
            _names(split_orders(text, rules, router)),
            readings(said, guess, known, model.glance, ways),
            evidence(guess, ways.nothing, learned.requests.shape(said), read.parts),
        )


def _names(orders: Orders) -> tuple[str, ...]:
    return tuple(part.routed.name for part in orders.parts)


def share(right: Iterable[bool]) -> str:
    found = list(right)
    return f"{np.mean(found):.3f}" if found else "-"


def table(every: Mapping[str, Sequence[Asked]]) -> None:
    """Print the shares of each set, and who is right where rules and learned disagree."""
    rows = []
    for name, asked in every.items():
        wanted = [one for one in asked if one.wanted]
        single = [one for one in wanted if len(one.wanted) == 1]
        several = [one for one in wanted if len(one.wanted) > 1]
        others = [one for one in asked if not one.wanted]
        rows.append(
            [
                name,
                share(one.rules == one.wanted for one in single),
                share(one.rules == one.wanted for one in several),
                share((one.learned,) == one.wanted for one in single),
                share(one.both == one.wanted for one in single),
                share(one.both == one.wanted for one in several),
                share(one.both == one.wanted for one in wanted),
                f"{sum(_acts(one) for one in others)}/{len(others)}",
            ]
        )
    heading = ["set", "rules: one", "several", "learned: one", "both: one", "several", "all", "acts"]
    show("Requests read rightly that were not learned", heading, rows)
    counts = Counter(_who_is_right(one) for asked in every.values() for one in asked if _disagree(one))
    bands = [f"{low:.2f}" for low, _ in pairwise(BANDS)]
    whose = ("rules", "learned", "none")
    rows = [[band, *(str(counts[band, who]) for who in whose)] for band in bands]
    show("Where they disagree: who is right, by the share of belief of what was learned", ["from", *whose], rows)


def _acts(one: Asked) -> bool:
    return any(name != UNKNOWN for name in one.both)


def _disagree(one: Asked) -> bool:
    return len(one.wanted) == 1 and one.rules != (one.learned,)


def _who_is_right(one: Asked) -> tuple[str, str]:
    band = next(low for low, high in pairwise(BANDS) if low <= one.share < high)
    who = "rules" if one.rules == one.wanted else "learned" if (one.learned,) == one.wanted else "none"
    return f"{band:.2f}", who


def weights(asked: Iterable[Asked], without: Sequence[str] = ()) -> dict[str, float]:
    """Return how much each sign of a reading counts: that which makes the right readings likeliest (ridge)."""
    counted = np.array([name not in without for name in Signs._fields])
    choices = []
    for one in asked:
        intents = [reading.intents for reading in one.readings]
        if one.wanted in intents:
            counts = _OF_SEVERAL if len(one.wanted) > 1 else 1.0
            signs = np.array([way.signs for way in one.readings]) * counted
            choices.append((signs, intents.index(one.wanted), counts))

    def loss(weight: Numbers) -> tuple[float, Numbers]:
        total, slope = weight @ weight / 2, weight.copy()
        for signs, right, counts in choices:
            shares = softmax(signs @ weight)
            total -= counts * np.log(max(shares[right], 1e-12))
            slope += counts * (shares @ signs - signs[right])
        return float(total), slope

    found = minimize(loss, np.zeros(len(Signs._fields)), jac=True, method="L-BFGS-B").x
    return dict(zip(Signs._fields, found.round(2).tolist(), strict=True))


def weights_of_ordering(asked: Iterable[Asked]) -> dict[str, float]:
    """Return how much each sign counts that anything is ordered."""
    rows = [(one.evidence, bool(one.wanted)) for one in asked]
    model = LogisticRegression(fit_intercept=False, max_iter=3000)
    model.fit(np.array([row for row, _ in rows]), [ordered for _, ordered in rows])
    return dict(zip(Evidence._fields, model.coef_[0].round(2).tolist(), strict=True))


def main() -> None:
    rules, encoder = IntentRouter.default(), KnownVectors(UniversalSentenceEncoder())
    named = {Path(one).stem: list(requests_of(read_strictly(Path(one).read_text("utf-8")))) for one in sys.argv[1:]}
    if named:
        learned = learned_without([one.text for some in named.values() for one in some], rules, encoder)
        asked = {name: list(asked_of(some, rules, learned)) for name, some in named.items()}
    else:
        asked = {name: list(asked_of(some, rules, known)) for name, some, known in held_out(UNTUNED, rules, encoder)}
    table(asked)
    for name, one in ((name, one) for name, some in asked.items() for one in some):
        if (one.both != one.wanted) if one.wanted else _acts(one):
            read = ("+".join(names) or "none" for names in (one.wanted, one.rules, one.both))
            print(name, *read, f"{one.learned} {one.share:.2f}", one.text, sep=" | ", file=sys.stderr)
    if not named:
        every = [one for some in asked.values() for one in some]
        print("readings.WEIGHTS", weights(every))
        print("readings.ALONE", weights(every, _OF_WHOLE_REQUESTS))
        print("ordering.WEIGHTS", weights_of_ordering(every))


if __name__ == "__main__":
    main()
