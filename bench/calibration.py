"""Whether the confidence that CPA shows can be believed, and what acts that should not: on requests and on examples.

Requests are those of the development sets that rules were hardly tuned on. Examples are those that intents are
learned from: each fifth is
asked of a model that learned from the rest; what rules do not know of them makes one more set. Each set is judged by a
table that was counted on the others; `scheduler/core/confidence.py` holds the one counted on all, which
`python -m bench.calibration` prints.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from scheduler.llm.one_thread import one_thread

one_thread()

import numpy as np  # noqa: E402 - after the threads are set
from sklearn.model_selection import StratifiedKFold  # noqa: E402

from bench.learned import UNTUNED  # noqa: E402
from bench.learned import held_out as held_out_sets  # noqa: E402
from bench.report import Floor, Panel, draw, judge, save, show  # noqa: E402
from scheduler.core.compound import split_orders  # noqa: E402
from scheduler.core.confidence import BINS, RIGHT, bin_of, way_of  # noqa: E402
from scheduler.core.intent_router import IntentRouter  # noqa: E402
from scheduler.core.intents import UNKNOWN  # noqa: E402
from scheduler.llm.intent_examples import examples_of, orders_of, several_of  # noqa: E402
from scheduler.llm.intent_learning import learn  # noqa: E402
from scheduler.llm.intent_model import IntentModel  # noqa: E402
from scheduler.llm.known_vectors import KnownVectors  # noqa: E402
from scheduler.llm.learned_intent_router import LearnedIntentRouter  # noqa: E402
from scheduler.llm.sentence_encoder import SentenceEncoder, UniversalSentenceEncoder  # noqa: E402

FOLDS: Final = 5
EXAMPLES: Final = -1  # the number of their set
ERROR: Final = 0.05
Table = Mapping[str, Sequence[float]]
Place = tuple[str, int]


class Answer(NamedTuple):
    """An order that would be carried out: the set it is of, its bin, and whether it was wanted."""

    number: int
    place: Place
    right: bool


def answers() -> list[Answer]:
    """Return all orders that are found in the development requests, each set by what was learned without it."""
    rules, encoder = IntentRouter.default(), KnownVectors(UniversalSentenceEncoder())
    found = []
    for number, (_, requests, learned) in enumerate(held_out_sets(UNTUNED, rules, encoder)):
        router = learned.router(rules)
        for text, wanted in requests:
            parts = [one.routed for one in split_orders(text, rules, router).parts]
            for order, one in enumerate(parts):
                way = way_of(one)
                if one.name != UNKNOWN:
                    right = wanted[order] == one.name if len(wanted) == len(parts) else one.name in wanted
                    found.append(Answer(number, (way, bin_of(way, one.score)), right))
    return found


def counted(found: Iterable[Answer]) -> Table:
    """Return the share of each bin that was right, drawn to one half where there are few (rule of succession)."""
    right = {way: [1.0] * len(row) for way, row in BINS.items()}
    seen = {way: [2.0] * len(row) for way, row in BINS.items()}
    for one in found:
        way, place = one.place
        right[way][place] += one.right
        seen[way][place] += 1
    return {way: [round(a / b, 2) for a, b in zip(right[way], seen[way], strict=True)] for way in BINS}


def believed(found: Sequence[Answer], table: Table | None) -> np.ndarray:
    """Return the confidence of each answer by `table`; None: by one counted on the other sets."""
    others = {one.number: counted(a for a in found if a.number != one.number) for one in found} if table is None else {}
    return np.array([(table or others[one.number])[one.place[0]][one.place[1]] for one in found])


def reliability(
    confidence: np.ndarray, found: Sequence[Answer]
) -> tuple[list[list[str]], dict[str, list[float]], float]:
    """Return for each bin how many there are, what was believed and what was right; the same as lines; the ECE."""
    right = np.array([one.right for one in found])
    rows, lines, error = [], dict[str, list[float]](believed=[], right=[]), 0.0
    for way, bins in BINS.items():
        for place, (low, high) in enumerate(bins):
            inside = np.array([one.place == (way, place) for one in found])
            if inside.any():
                mean, share = float(confidence[inside].mean()), float(right[inside].mean())
                title = f"{way} {low:.1f}-{min(high, 1.0):.1f}"
                rows.append([title, str(inside.sum()), f"{mean:.3f}", f"{share:.3f}"])
                lines["believed"].append(mean)
                lines["right"].append(share)
                error += float(inside.mean()) * abs(mean - share)
    return rows, lines, error


class Asked(NamedTuple):
    """What came of an example that rules do not know: the order that would be carried out, if any; or a question."""

    wanted: str
    order: Answer | None
    asked: bool


def held_out(encoder: SentenceEncoder) -> list[Asked]:
    """Ask each example that rules neither know nor refuse of a model that learned from the other folds."""
    rules = IntentRouter.default()
    pairs = examples_of(rules.intents)
    sentences, intents = [text for text, _ in pairs], [name for _, name in pairs]
    found = []
    for learned, asked in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(sentences, intents):
        texts, names = [sentences[row] for row in learned], [intents[row] for row in learned]
        orders = orders_of(set(names))
        known = learn(encoder, texts, names, tolerance=3e-3, several=several_of(), orders=orders)
        router = LearnedIntentRouter(rules, IntentModel(encoder, known))
        for row in asked:
            one = router.route(sentences[row])
            if one.way == "learned":
                answer = Answer(EXAMPLES, ("learned", bin_of("learned", one.score)), one.name == intents[row])
                found.append(Asked(intents[row], None if one.name == UNKNOWN else answer, one.unsure))
    return found


def check() -> tuple[dict[str, Any], list[Floor]]:
    """Print how far confidence and bands hold, draw it, and return figures and floors."""
    examples = held_out(KnownVectors(UniversalSentenceEncoder()))
    acted = [one.order for one in examples if one.order is not None]
    found = [*answers(), *acted]
    print(f"to be put into scheduler/core/confidence.py: {counted(found)}")
    confidence = believed(found, None)
    rows, lines, error = reliability(confidence, found)
    show("Confidence on sets the table was not counted on", ["bin", "orders", "believed", "right"], rows)
    draw(
        "calibration",
        "Confidence that is shown",
        [Panel("Reliability", "share right", [one[0] for one in rows], lines)],
    )
    *_, shipped = reliability(believed(found, RIGHT), found)
    of_learned = [row for row, one in enumerate(found) if one.place[0] == "learned"]
    *_, learned = reliability(confidence[of_learned], [found[row] for row in of_learned])
    orders = [one for one in examples if one.wanted != UNKNOWN]
    others = [one for one in examples if one.wanted == UNKNOWN]
    figures = {
        "ece-confidence": error,
        "ece-confidence-learned": learned,
        "ece-confidence-shipped": shipped,
        "precision": sum(one.right for one in acted) / len(acted),
        "orders-acted-on-rightly": sum(one.order is not None and one.order.right for one in orders) / len(orders),
        "orders-asked-back": sum(one.asked for one in orders) / len(orders),
        "no-orders-acted-on": sum(one.order is not None for one in others) / len(others),
    }
    rows_of_figures = [[name, f"{value:.3f}"] for name, value in figures.items()]
    show(f"Confidence, and {len(examples)} examples rules do not know", ["figure", "value"], rows_of_figures)
    floors = [Floor(name, value, ERROR, at_most=True) for name, value in figures.items() if name.startswith("ece")]
    return {**figures, "reliability": rows}, floors


def main() -> int:
    figures, floors = check()
    save("calibration", figures, floors)
    return judge(floors)


if __name__ == "__main__":
    raise SystemExit(main())
