"""How well slots are found in sets that were not learned: rules alone, and weighed against what examples teach.

`python -m bench.slot_tagging` asks each development set of `tests/language` of what the others teach. With `--write` it
only learns all of them and writes what is shipped (`scheduler/config/slots_learned.npz`). Files may be named instead.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from scheduler.llm.sentence_encoder import one_thread

one_thread()

import yaml  # noqa: E402 - after the threads are set

from bench.office import figures_of  # noqa: E402
from bench.office_requests import Order, Request, Understood, score  # noqa: E402
from bench.report import show  # noqa: E402
from scheduler.core.compound import Orders, split_orders  # noqa: E402
from scheduler.core.intent_router import IntentRouter  # noqa: E402
from scheduler.core.language import normalise  # noqa: E402
from scheduler.llm.slot_learning import Example, learn  # noqa: E402
from scheduler.llm.slot_signs import Place  # noqa: E402
from scheduler.llm.slot_tagger import DEFAULT_FILE, SlotTagger, save  # noqa: E402
from scheduler.llm.slot_weighing import SlotWeigher, places_of  # noqa: E402
from scheduler.llm_wiring import make_learned  # noqa: E402

SETS: Final = Path(__file__).parents[1] / "tests" / "language"
_FOLDS: Final = 4


class Row(NamedTuple):
    """A labelled request and the orders that were read in it."""

    locale: str
    request: Request
    orders: Orders


def rows_of(path: Path, rules: IntentRouter) -> Iterable[Row]:
    """Yield the requests of a set whose orders are all labelled."""
    learned = make_learned(rules)
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for locale in ("de", "en"):
        for one in document[locale]:
            intents = one["i"] if isinstance(one["i"], list) else [one["i"]]
            slots: list[dict[str, Any]] = one.get("o") or [one["s"]]
            if len(slots) == len(intents):
                orders = tuple(Order(intent=name, slots=many) for name, many in zip(intents, slots, strict=True))
                request = Request.model_construct(id="", locale=locale, text=one["t"], orders=orders, plan=None)
                yield Row(locale, request, split_orders(one["t"], rules, learned))


def example_of(row: Row) -> Example:
    """Return what is learned from a request: its orders where they were read, its slots as they are labelled."""
    text = normalise(row.request.text)
    places = places_of(text, row.orders.parts)
    wanted = row.request.orders
    if [one.intent for one in places] != [one.intent for one in wanted]:
        places = [Place(one.intent, 0, len(text)) for one in wanted]
    return Example(text, tuple(places), tuple(one.slots for one in wanted))


def figures(rows: Sequence[Row], locale: str, weigher: SlotWeigher | None) -> dict[str, float]:
    scores = []
    for row in rows:
        if row.locale == locale:
            orders = weigher.settle(row.request.text, row.orders) if weigher else row.orders
            understood = [Understood(part.routed.name, part.routed.words) for part in orders.parts]
            scores.append((row.request, score(row.request, understood)))
    return figures_of(scores)


def table(sets: Mapping[str, Sequence[Row]]) -> None:
    """Print recall and precision of each set, by rules and weighed."""
    lines, names = [], list(sets)
    for fold in range(min(_FOLDS, len(names))):
        asked = names[fold::_FOLDS]
        others = [example_of(row) for name, rows in sets.items() if name not in asked for row in rows]
        weigher = SlotWeigher(SlotTagger(known=learn(others)))
        for name in asked:
            for locale in ("de", "en"):
                rules, both = (figures(sets[name], locale, one) for one in (None, weigher))
                shares = (one[what] for what in ("slot-recall", "slot-precision", "whole") for one in (rules, both))
                lines.append([f"{name} {locale}", *(f"{one:.3f}" for one in shares)])
    heading = ["set", "recall: rules", "weighed", "precision: rules", "weighed", "whole: rules", "weighed"]
    show("Slots of sets that were not learned", heading, sorted(lines))


def main() -> None:
    rules = IntentRouter.default()
    paths = [Path(one) for one in sys.argv[1:] if not one.startswith("--")] or sorted(SETS.glob("dev_requests*.yaml"))
    sets = {path.stem: list(rows_of(path, rules)) for path in paths}
    if "--write" in sys.argv:
        save(learn([example_of(row) for rows in sets.values() for row in rows]), DEFAULT_FILE)
    else:
        table(sets)


if __name__ == "__main__":
    main()
