"""Adds labelled sets to what intents are learned from: `python -m bench.teach SET...`, then `make vectors`.

Whole requests go to `config/intent_examples.yaml` by their intent, those of several orders to `several`, and the orders
of these, cut where the known intents fit best by what was learned before, to `orders`.
"""

import itertools
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from scheduler.core.intent_router import IntentRouter
from scheduler.core.intents import UNKNOWN
from scheduler.core.language import detect_locale, normalise
from scheduler.core.strict_yaml import read_strictly
from scheduler.llm.intent_examples import DEFAULT_FILE, ORDERS, SEVERAL
from scheduler.llm.office_model import OfficeModel
from scheduler.llm.order_division import Divided, Glance
from scheduler.llm.order_examples import Example, requests_of

Place = tuple[str, ...]
"""The keys under which a line stands."""
_KEY: Final = re.compile(r"( *)([a-z_]+):(?: \|)?$")


def lines_of(requests: Iterable[Example], glance: Glance) -> Iterator[tuple[Place, str]]:
    """Yield what is learned of requests and their intents."""
    for message, names in requests:
        text = normalise(message)
        locale = detect_locale(text)
        if len(names) < 2:
            yield (names[0] if names else UNKNOWN, locale), text
            continue
        yield (SEVERAL, locale), text
        divided = Divided(text, glance)
        found = [one for sequence in set(itertools.permutations(names)) if (one := divided.into(sequence))]
        for part in max(found, key=lambda one: one.belief).parts if found else ():
            yield (ORDERS, part.intent, locale), part.text


def added(document: str, new: Iterable[tuple[Place, str]]) -> str:
    """Return the file with these lines at the ends of their blocks, each once."""
    known, more = set(map(str.strip, document.splitlines())), dict[Place, list[str]]()
    for place, line in new:
        if line not in known:
            known.add(line)
            more.setdefault(place, []).append(f"{'  ' * len(place)}{line}")
    found, path = list[str](), Place()
    for line in document.splitlines():
        if key := _KEY.match(line):
            found += more.pop(path, [])
            path = (*path[: len(key[1]) // 2], key[2])
        found.append(line)
    return "\n".join([*found, *more.pop(path, [])]) + "\n"


def main() -> None:
    glance = OfficeModel(IntentRouter.default().intents).glance
    for name in sys.argv[1:]:
        requests = requests_of(read_strictly(Path(name).read_text(encoding="utf-8")))
        DEFAULT_FILE.write_text(
            added(DEFAULT_FILE.read_text(encoding="utf-8"), lines_of(requests, glance)), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
