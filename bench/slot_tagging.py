"""How well slots are found in sets that were not learned: rules alone, and weighed against what examples teach.

`python -m bench.slot_tagging` asks each development set of `tests/language` that rules were not tuned on of what the
others teach, and tells what a request costs. With `--write` it also learns all of them and writes what is shipped
(`scheduler/config/slots_learned.npz`). Files may be named instead.
"""

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from scheduler.core.strict_yaml import read_strictly
from scheduler.llm.one_thread import one_thread

one_thread()


from bench.office import figures_of  # noqa: E402
from bench.office_requests import Order, Request, Understood, pairs, score  # noqa: E402
from bench.report import show  # noqa: E402
from bench.slot_learning import Example, Judged, learn, learn_choice  # noqa: E402
from scheduler.core.compound import Orders, split_orders  # noqa: E402
from scheduler.core.intent_router import IntentRouter  # noqa: E402
from scheduler.core.language import normalise  # noqa: E402
from scheduler.llm.slot_candidate_signs import signs_of_candidates  # noqa: E402
from scheduler.llm.slot_candidates import candidates_of, places_of  # noqa: E402
from scheduler.llm.slot_signs import Place  # noqa: E402
from scheduler.llm.slot_tagger import DEFAULT_FILE, SlotKnowledge, SlotTagger, save  # noqa: E402
from scheduler.llm.slot_weighing import SlotWeigher  # noqa: E402
from scheduler.llm_wiring import make_learned  # noqa: E402

SETS: Final = Path(__file__).parents[1] / "tests" / "language"
_FIRST_UNTUNED: Final = 15
"""From this set on rules were hardly tuned: they show how far rules can be believed."""
_FOLDS: Final = 4


class Row(NamedTuple):
    """A labelled request and the orders that were read in it."""

    locale: str
    request: Request
    orders: Orders


def rows_of(path: Path, rules: IntentRouter) -> Iterable[Row]:
    """Yield the requests of a set whose orders are all labelled."""
    learned = make_learned(rules)
    document = read_strictly(path.read_text(encoding="utf-8"))
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


def judged_of(row: Row, tagger: SlotTagger) -> Iterable[Judged]:
    """Yield what may fill the slots of a request whose orders were read rightly, and whether it does."""
    wanted, parts = row.request.orders, row.orders.parts
    if [part.routed.name for part in parts] != [one.intent for one in wanted]:
        return
    text = normalise(row.request.text)
    places = places_of(text, parts)
    reading = tagger.read(text, places)
    found = candidates_of(text, parts, places, reading, row.orders.overlooked)
    signs = signs_of_candidates(text, found, places, reading)
    for order, many, shown in zip(wanted, found, signs, strict=True):
        right = pairs(order.slots)
        for one, seen in zip(many, shown, strict=True):
            said = pairs({one.slot: one.words})
            yield Judged(seen, bool(said) and said <= right)


def is_untuned(name: str) -> bool:
    """Whether rules were hardly tuned on the set of this name: one of the later ones, or none of ours."""
    number = name.removeprefix("dev_requests").strip("_")
    return name != "dev_requests" and (not number.isdigit() or int(number) >= _FIRST_UNTUNED)


class Unseen(NamedTuple):
    """What the other sets teach of some, and what it makes of them."""

    tagger: SlotTagger
    judged: dict[str, list[Judged]]


def unseen(sets: Mapping[str, Sequence[Row]]) -> list[Unseen]:
    """Return what is made of sets by what others teach, for all that rules were not tuned on, some at a time."""
    found, names = [], [name for name in sets if is_untuned(name)]
    for fold in range(min(_FOLDS, len(names))):
        asked = names[fold::_FOLDS]
        tagger = SlotTagger(
            known=learn((example_of(row) for name, rows in sets.items() if name not in asked for row in rows), {})
        )
        judged = {name: [one for row in sets[name] for one in judged_of(row, tagger)] for name in asked}
        found.append(Unseen(tagger, judged))
    return found


def figures(rows: Sequence[Row], locale: str, weigher: SlotWeigher | None, *, right: bool) -> dict[str, float]:
    """Return the figures of requests in a language; with `right` of those alone whose orders were read rightly."""
    scores = []
    for row in rows:
        if row.locale == locale:
            orders = weigher.settle(row.request.text, row.orders) if weigher else row.orders
            understood = [Understood(part.routed.name, part.routed.words) for part in orders.parts]
            one = score(row.request, understood)
            if one.right or not right:
                scores.append((row.request, one))
    return figures_of(scores)


def table(sets: Mapping[str, Sequence[Row]], folds: Sequence[Unseen]) -> None:
    """Print recall and precision of each set, by rules and weighed, of requests whose orders were read rightly."""
    lines = []
    for fold in folds:
        for name in fold.judged:
            others = [one for other in folds for known, many in other.judged.items() if known != name for one in many]
            weigher = SlotWeigher(SlotTagger(known=fold.tagger.known._replace(choice=learn_choice(others))))
            for locale in ("de", "en"):
                rules, both = (figures(sets[name], locale, one, right=True) for one in (None, weigher))
                shares = (one[what] for what in ("slot-recall", "slot-precision", "whole") for one in (rules, both))
                lines.append([f"{name} {locale}", *(f"{one:.3f}" for one in shares)])
    heading = ["set", "recall: rules", "weighed", "precision: rules", "weighed", "whole: rules", "weighed"]
    show("Slots of sets that were not learned, orders read rightly", heading, sorted(lines))


def cost(rows: Sequence[Row], rules: IntentRouter) -> float:
    """Return the milliseconds of CPU that weighing the slots of a request takes."""
    weigher = SlotWeigher()
    weigher.settle(rows[0].request.text, rows[0].orders)  # reads what was learned
    spent = 0.0
    for row in rows:
        split_orders(row.request.text, rules)  # as before each weighing
        begun = time.process_time()
        weigher.settle(row.request.text, row.orders)
        spent += time.process_time() - begun
    return 1000 * spent / len(rows)


def learn_all(sets: Mapping[str, Sequence[Row]], folds: Sequence[Unseen]) -> SlotKnowledge:
    """Learn all sets; what to choose, from what was made of those that were not learned."""
    judged = [one for fold in folds for many in fold.judged.values() for one in many]
    return learn((example_of(row) for rows in sets.values() for row in rows), learn_choice(judged))


def main() -> None:
    rules = IntentRouter.default()
    paths = [Path(one) for one in sys.argv[1:] if not one.startswith("--")] or sorted(SETS.glob("dev_requests*.yaml"))
    sets = {path.stem: list(rows_of(path, rules)) for path in paths}
    folds = unseen(sets)
    if "--write" in sys.argv:
        save(learn_all(sets, folds), DEFAULT_FILE)
    else:
        table(sets, folds)
        asked = [row for name, rows in sets.items() if is_untuned(name) for row in rows]
        print(f"\nCPU to weigh the slots of a request: {cost(asked, rules):.2f} ms")


if __name__ == "__main__":
    main()
