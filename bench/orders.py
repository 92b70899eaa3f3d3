"""How well whole requests are read as orders by what was learned without their set, and beside rules.

`python -m bench.orders` prints for each set that rules were hardly tuned on: rules alone, the model alone, and the way
chosen of both (sets apart); how often orders are done, asked about, and done that are none; and the weights to put into
`WEIGHTS` and `SHIFT` of `scheduler/llm/order_choice.py`.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from bench.report import show
from scheduler.core.compound import split_orders
from scheduler.core.intent_router import IntentRouter
from scheduler.core.language import detect_locale, normalise
from scheduler.llm.intent_examples import examples_of
from scheduler.llm.learned_orders import rules_read
from scheduler.llm.order_choice import RulesRead, Signs, signs_of, with_rules
from scheduler.llm.order_examples import Example, intents_of, sets, together
from scheduler.llm.order_learning import learn
from scheduler.llm.order_model import OrderModel, Way

UNTUNED: Final = ("dev_requests_16", "dev_requests_17", "dev_requests_18", "dev_requests_19", "dev_requests_20")
"""Sets that rules were hardly tuned on, so they show how far rules can be believed."""


class Asked(NamedTuple):
    """A request, what rules made of it, and the ways to read it by a model that has not learned its set."""

    one: Example
    rules: RulesRead
    ways: tuple[Way, ...]
    pieces: int

    @property
    def signs(self) -> list[Signs]:
        return [signs_of(way, self.rules, self.pieces) for way in self.ways]

    def is_right(self, names: Sequence[str]) -> bool:
        return sorted(names) == sorted(self.one.intents)

    @property
    def kind(self) -> str:
        if not self.one.intents:
            return "none"
        return f"{detect_locale(self.one.text)} {'several' if len(self.one.intents) > 1 else 'one'}"


def asked_without(name: str, known: dict[str, list[Example]], rules: IntentRouter) -> list[Asked]:
    """Ask each request of a set of a model that learned from all others."""
    held = {normalise(one.text) for one in known[name]}
    others = (one for other, requests in known.items() if other != name for one in requests)
    pairs = [pair for pair in examples_of(rules.intents) if pair[0] not in held]
    learned = together(others, pairs)
    model = OrderModel(learn(learned, intents_of(learned)))
    found = []
    for one in known[name]:
        read = rules_read(split_orders(one.text, rules).parts)
        ways = model.read(normalise(one.text), read.intents)
        found.append(Asked(one, read, tuple(with_rules(ways, read).values()), ways.pieces))
    return found


def weights_of(asked: Iterable[Asked]) -> tuple[np.ndarray, float]:
    """Return the weights of the signs, and the shift, by which right ways are told from wrong ones."""
    rows = [(signs, one.is_right(way.intents)) for one in asked for way, signs in zip(one.ways, one.signs, strict=True)]
    signs, right = np.array([row for row, _ in rows]), [right for _, right in rows]
    mean, spread = signs.mean(0), signs.std(0) + 1e-9
    model = LogisticRegression(C=1.0, max_iter=1000).fit((signs - mean) / spread, right)
    weights = model.coef_[0] / spread
    return weights, float(model.intercept_[0] - weights @ mean)


def main() -> None:
    rules, known = IntentRouter.default(), sets()
    asked = {name: asked_without(name, known, rules) for name in UNTUNED}
    rows, likely = [], list[tuple[float, bool]]()
    for name, requests in asked.items():
        weights, shift = weights_of(one for other in asked if other != name for one in asked[other])
        right: dict[str, list[tuple[bool, bool, bool]]] = {}
        for one in requests:
            shares = 1 / (1 + np.exp(-(np.array(one.signs) @ weights + shift)))
            best = int(shares.argmax())
            alone = max(one.ways, key=lambda way: way.belief)
            ways = one.rules.intents, alone.intents, one.ways[best].intents
            right.setdefault(one.kind, []).append(tuple(map(one.is_right, ways)))  # type: ignore[arg-type]
            likely.append((float(shares[best]), one.is_right(ways[-1])))
        for kind, found in sorted(right.items()):
            rows.append([name, kind, str(len(found)), *(f"{share:.3f}" for share in np.mean(found, axis=0))])
    show("Requests whose orders are all right", ["set", "kind", "requests", "rules", "learned", "chosen"], rows)
    for low in np.arange(0.0, 1.0, 0.1):
        inside = [pair for pair in likely if low <= pair[0] < low + 0.1]
        if inside:
            believed, right_share = np.mean(inside, axis=0)
            print(f"believed {believed:.2f}, right {right_share:.2f} of {len(inside)}")
    weights, shift = weights_of(one for requests in asked.values() for one in requests)
    print(dict(zip(Signs._fields, weights.round(2).tolist(), strict=True)), f"SHIFT {shift:.2f}")


if __name__ == "__main__":
    main()
