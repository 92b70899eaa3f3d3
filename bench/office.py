"""How well office requests are understood that nobody tuned on: intents, slots, several orders, and no requests.

`planned` is the share of requests of several orders that are split rightly and wait for each other as they should.
`UNDERSTAND` is what the floors hold for; rules alone stand beside it.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import Final

from scheduler.llm.one_thread import one_thread

one_thread()

from bench.office_requests import FILE, Request, Score, Understood, acts, load, score  # noqa: E402 - threads first
from bench.report import Floor, Panel, draw, judge, save, show  # noqa: E402
from scheduler.core.compound import OrderPart  # noqa: E402
from scheduler.core.intent_router import IntentRouter  # noqa: E402
from scheduler.llm.slot_weighing import SlotWeigher  # noqa: E402
from scheduler.llm_wiring import make_learned  # noqa: E402
from scheduler.orchestrator.beyond_rules import BeyondRules  # noqa: E402

HELD: Final = {"ordinary": "held_requests_1.yaml", "in much talk": "held_requests_2.yaml"}
"""Sets beside the one of the floors that nobody has read either; of them shares alone are told."""
INTENT, SLOTS, SPLIT = 0.95, 0.90, 0.85
LOCALES = ("de", "en")
Understand = Callable[[str], list[Understood]]


def by_orders(beyond: BeyondRules) -> Understand:
    """Return what takes a request apart into its orders, as the planner does, and names each with its slots."""
    rules = IntentRouter.default()

    def understand(text: str) -> list[Understood]:
        orders = asyncio.run(beyond.split(text, rules))
        return [
            Understood(part.routed.name, part.routed.words, frozenset({*part.after, *_taken(part)}))
            for part in orders.parts
        ]

    return understand


UNDERSTAND: dict[str, Callable[[], Understand]] = {
    "rules": lambda: by_orders(BeyondRules()),
    "understood": lambda: by_orders(BeyondRules(learned=make_learned(IntentRouter.default()), slots=SlotWeigher())),
}


def _taken(part: OrderPart) -> tuple[int, ...]:
    return () if part.refers is None else (part.refers,)


def share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def figures_of(scores: Sequence[tuple[Request, Score]]) -> dict[str, float]:
    """Return the shares of what was understood rightly."""
    compound = [one for request, one in scores if request.compound]
    hits = sum(one.hits for _, one in scores)
    return {
        "intent": share(sum(one.right for _, one in scores), len(scores)),
        "slot-recall": share(hits, hits + sum(len(one.missed) for _, one in scores)),
        "slot-precision": share(hits, hits + sum(len(one.false) for _, one in scores)),
        "split": share(sum(one.right for one in compound), len(compound)),
        "planned": share(sum(one.planned for one in compound), len(compound)),
        "whole": share(sum(one.whole for _, one in scores), len(scores)),
    }


def misses(scores: Sequence[tuple[Request, Score]]) -> dict[str, str]:
    """Return by id what was not understood rightly."""
    found = {}
    for request, one in scores:
        wrong = [] if one.right else [f"{'+'.join(one.intents)} for {'+'.join(o.intent for o in request.orders)}"]
        wrong += [f"no {slot} {words!r}" for slot, words in sorted(one.missed)]
        wrong += [f"false {slot} {words!r}" for slot, words in sorted(one.false)]
        if wrong:
            found[request.id] = "; ".join(wrong)
    return found


def held(understand: Understand) -> dict[str, dict[str, float]]:
    """Return the shares of the other sets by name and language, with how many of their texts that order nothing act."""
    found = {}
    for name, file in HELD.items():
        one_set = load(FILE.with_name(file))
        scores = [(one, score(one, understand(one.text))) for one in one_set.requests]
        for locale in LOCALES:
            figures = figures_of([pair for pair in scores if pair[0].locale == locale])
            nothing = [one for one in one_set.no_requests if one.locale == locale]
            acting = share(sum(acts(understand(one.text)) for one in nothing), len(nothing))
            found[f"{name} {locale}"] = {**figures, "acting": acting}
    return found


def main() -> int:
    office = load()
    results: dict[str, dict[str, dict[str, float]]] = {}
    for way, build in UNDERSTAND.items():
        understand = build()
        scores = [(one, score(one, understand(one.text))) for one in office.requests]
        results[way] = {name: figures_of([pair for pair in scores if pair[0].locale == name]) for name in LOCALES}
        acting = {one.id: one.text for one in office.no_requests if acts(understand(one.text))}
    wrong = misses(scores)
    for place, what in {**wrong, **{name: f"acts: {text}" for name, text in acting.items()}}.items():
        print(place, what, file=sys.stderr)
    names = list(results["understood"]["de"])
    rows = [
        [f"{way} {name}", *(f"{one[what]:.3f}" for what in names)]
        for way, by in results.items()
        for name, one in by.items()
    ]
    show("Office requests: shares understood rightly", ["", *names], rows)
    others = held(understand)
    names_held = [*names, "acting"]
    show(
        "Sets of others: shares understood rightly, and of texts without an order that act",
        ["", *names_held],
        [[name, *(f"{one[what]:.3f}" for what in names_held)] for name, one in others.items()],
    )
    least = {"intent": INTENT, "slot-recall": SLOTS, "slot-precision": SLOTS, "split": SPLIT}
    floors = [
        Floor(f"{what}-{name}", results["understood"][name][what], floor)
        for what, floor in least.items()
        for name in LOCALES
    ]
    floors.append(Floor("acts", len(acting), 0, at_most=True))
    save("office", {**results, "held": others, "misses": wrong, "acting": acting}, floors)
    bars = {f"{way}, {name}": [one[what] for what in names] for way, by in results.items() for name, one in by.items()}
    draw("office", "Office requests", [Panel("Understood rightly", "share", names, bars)])
    return judge(floors)


if __name__ == "__main__":
    raise SystemExit(main())
