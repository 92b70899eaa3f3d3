"""Whether the confidence that CPA shows can be believed, and what acts that should not.

Requests are those of `tests/language/dev_requests*.yaml`; each fifth of the sets is asked of a model that learned from
the others. Each set is judged by a table that was counted on the others; `scheduler/core/confidence.py` holds the one
counted on all, which `python -m bench.calibration` prints.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from scheduler.llm.sentence_encoder import one_thread

one_thread()

import numpy as np  # noqa: E402 - after the threads are set

from bench.report import Floor, Panel, draw, judge, save, show  # noqa: E402
from scheduler.core.compound import split_orders  # noqa: E402
from scheduler.core.confidence import BINS, RIGHT, bin_of, way_of  # noqa: E402
from scheduler.core.intent_router import IntentRouter  # noqa: E402
from scheduler.core.intents import UNKNOWN  # noqa: E402
from scheduler.core.language import normalise  # noqa: E402
from scheduler.llm.intent_examples import examples_of  # noqa: E402
from scheduler.llm.learned_orders import LearnedOrders  # noqa: E402
from scheduler.llm.office_model import OfficeModel  # noqa: E402
from scheduler.llm.order_examples import Example, intents_of, sets, together  # noqa: E402
from scheduler.llm.order_learning import learn  # noqa: E402
from scheduler.llm.order_model import OrderModel  # noqa: E402

FOLDS: Final = 5
ERROR: Final = 0.05
Table = Mapping[str, Sequence[float]]
Place = tuple[str, int]


class Answer(NamedTuple):
    """An order that would be carried out: the set it is of, its bin, and whether it was wanted."""

    number: int
    place: Place
    right: bool


class Answered(NamedTuple):
    """What came of a request: whether it has orders, those that would be carried out, whether people are asked."""

    ordered: bool
    acted: tuple[Answer, ...]
    asked: bool


def reader_without(names: Iterable[str], known: Mapping[str, Sequence[Example]], rules: IntentRouter) -> LearnedOrders:
    """Return what reads requests by rules and by what was learned without these sets."""
    left_out = set(names)
    held = {normalise(one.text) for name in left_out for one in known[name]}
    others = (one for name, requests in known.items() if name not in left_out for one in requests)
    learned = together(others, [pair for pair in examples_of(rules.intents) if pair[0] not in held])
    return LearnedOrders(rules, OfficeModel(rules.intents), OrderModel(learn(learned, intents_of(learned))))


def answers() -> list[Answered]:
    """Return what comes of all development requests, each set by what was learned without it."""
    rules, known = IntentRouter.default(), sets()
    names, found = list(known), []
    for fold in range(FOLDS):
        chosen = names[fold::FOLDS]
        learned = reader_without(chosen, known, rules)
        for name in chosen:
            number = names.index(name)
            found += [_answered(number, one, split_orders(one.text, rules, learned).parts) for one in known[name]]
    return found


def _answered(number: int, one: Example, parts: Sequence[Any]) -> Answered:
    orders = [part.routed for part in parts]
    acted = []
    for place, routed in enumerate(orders):
        if routed.name != UNKNOWN:
            same = len(one.intents) == len(orders)
            right = one.intents[place] == routed.name if same else routed.name in one.intents
            acted.append(Answer(number, (way_of(routed), bin_of(way_of(routed), routed.score)), right))
    return Answered(bool(one.intents), tuple(acted), any(routed.unsure for routed in orders))


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


def check() -> tuple[dict[str, Any], list[Floor]]:
    """Print how far confidence holds, draw it, and return figures and floors."""
    answered = answers()
    found = [one for answer in answered for one in answer.acted]
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
    orders, others = [one for one in answered if one.ordered], [one for one in answered if not one.ordered]
    figures = {
        "ece-confidence": error,
        "ece-confidence-learned": learned,
        "ece-confidence-shipped": shipped,
        "precision": sum(one.right for one in found) / len(found),
        "orders-asked-back": sum(one.asked for one in orders) / len(orders),
        "no-orders-acted-on": sum(bool(one.acted) for one in others) / len(others),
    }
    rows_of_figures = [[name, f"{value:.3f}"] for name, value in figures.items()]
    show(f"Confidence on {len(answered)} requests", ["figure", "value"], rows_of_figures)
    floors = [Floor(name, value, ERROR, at_most=True) for name, value in figures.items() if name.startswith("ece")]
    return {**figures, "reliability": rows}, floors


def main() -> int:
    figures, floors = check()
    save("calibration", figures, floors)
    return judge(floors)


if __name__ == "__main__":
    raise SystemExit(main())
