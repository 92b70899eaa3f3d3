"""Mixed plans for the chaos test: chains, diamonds, fans; marks, looks, mails and tables."""

import random
from typing import Any, Final

from tests.support.world import LOOK, MARK

ANNA, US = "anna@example.com", "cpa@example.com"
MOST_ATTEMPTS: Final = 8
_TIMEOUT: Final = 6.0
_RETRY: Final = {"max_attempts": MOST_ATTEMPTS, "base_delay": "PT0.3S", "max_delay": "PT3S"}

Step = dict[str, Any]


def a_plan(number: int, chance: random.Random) -> dict[str, Any]:
    """Return an order of one of seven shapes."""
    shape = chance.choices((_mark, _chain, _diamond, _fan, _table, _mails, _look), (4, 4, 3, 2, 2, 3, 3))[0]
    return {"intent": "custom", "description": f"{number}", "task_graph": {"tasks": shape(number, chance)}}


def _step(name: str, action: str, *after: str, **fields: Any) -> Step:  # noqa: ANN401 - fields of ToDo
    return {"id": name, "action": action, "depends_on": after, "timeout": _TIMEOUT, "retry": _RETRY, **fields}


def _acts(name: str, action: str, chance: random.Random, *after: str) -> Step:
    return _step(name, action, *after, params={"seconds": round(chance.choice((0, 0, 0.05, 0.3)), 2)})


def _mail(name: str, number: int, *after: str) -> Step:
    return _step(name, "mail.send", *after, params={"to": [ANNA], "subject": f"{number} {name}", "body": "Guten Tag"})


def _mark(_number: int, chance: random.Random) -> list[Step]:
    return [_acts("mark", MARK, chance)]


def _look(_number: int, chance: random.Random) -> list[Step]:
    return [_acts("look", LOOK, chance), _acts("mark", MARK, chance, "look")]


def _chain(number: int, chance: random.Random) -> list[Step]:
    return [_acts("one", MARK, chance), _acts("two", MARK, chance, "one"), _mail("mail", number, "two")]


def _diamond(number: int, chance: random.Random) -> list[Step]:
    sides = [_acts(side, MARK, chance, "look") for side in ("left", "right")]
    return [_acts("look", LOOK, chance), *sides, _mail("mail", number, "left", "right")]


def _fan(_number: int, chance: random.Random) -> list[Step]:
    marks = [_acts(f"mark{place}", MARK, chance, "look") for place in range(4)]
    rows = [{"place": place} for place in range(4)]
    table = _step("table", "data.write_table", *(mark["id"] for mark in marks), params={"rows": rows, "name": "t.csv"})
    return [_acts("look", LOOK, chance), *marks, table]


def _table(_number: int, chance: random.Random) -> list[Step]:
    table = _step("table", "data.write_table", params={"rows": [{"amount": chance.random()}], "name": "t.csv"})
    read = _step("read", "data.read_table", "table", params={"source": "${table.artifact}"})
    return [table, read, _acts("mark", MARK, chance, "read")]


def _mails(number: int, chance: random.Random) -> list[Step]:
    return [_mail("first", number), _acts("mark", MARK, chance, "first"), _mail("second", number, "first")]
