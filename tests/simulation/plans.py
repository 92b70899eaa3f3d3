"""Random orders: plans of a few steps, with deadlines, priorities and bounds of their own."""

from dataclasses import dataclass
from datetime import timedelta

from pydantic import JsonValue

from scheduler.core.actions import ActionCatalog, ActionSpec
from scheduler.core.ids import TenantId
from scheduler.core.retry import RetryPolicy
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import ToDo
from tests.simulation.chance import Chance, Fault
from tests.support.runs import a_graph

SEND, POST, FIND = "world.send", "world.post", "world.find"
"""Of these, `send` must not happen twice and can be looked for, `post` cannot be looked for, `find` may be repeated."""

CATALOG = ActionCatalog(
    [
        ActionSpec(name=SEND, description="Has an effect that must not happen twice and can be seen"),
        ActionSpec(name=POST, description="Has an effect that must not happen twice and cannot be seen"),
        ActionSpec(name=FIND, description="May be repeated", repeatable=True),
    ]
)
TENANTS = (TenantId("acme"), TenantId("bell"))


@dataclass(frozen=True)
class Order:
    """What a client wants. `patience` in seconds makes the deadline.

    So many workers die of the job: `kills_at_start` when they start a task of it, `kills_at_opening` even before.
    """

    tenant: TenantId
    key: str
    graph: TaskGraph
    priority: int = 0
    patience: float | None = None
    delay: float = 0.0
    kills_at_start: int = 0
    kills_at_opening: int = 0
    max_retries: int = 3


def an_order(chance: Chance, number: int) -> Order:
    """Draw an order. Tenants use the same keys, as they may."""
    draw = chance.random
    return Order(
        tenant=TENANTS[number % len(TENANTS)],
        key=f"key-{number // len(TENANTS)}",
        graph=a_graph(_steps(chance)),
        priority=draw.choice((0, 0, 5)),
        patience=draw.uniform(0.1, 60) if chance.odds(0.15) else None,
        delay=draw.uniform(1, 20) if chance.odds(0.1) else 0.0,
        max_retries=draw.choice((1, 3)),
        **_kills(chance),
    )


def _kills(chance: Chance) -> dict[str, int]:
    if not chance.strikes(Fault.POISON, 2):
        return {}
    where = chance.random.choice(("kills_at_start", "kills_at_opening"))
    return {where: chance.random.choice((1, 3, 9))}


def _list(chance: Chance, steps: list[ToDo], needed: tuple[str, ...]) -> list[JsonValue] | str | None:
    """Let some steps be done once for each element: of the plan's list, or of what an earlier such step has given."""
    if not chance.odds(0.2):
        return None
    before = [step.id for step in steps if step.for_each is not None and step.id in needed]
    if before and chance.odds(0.5):
        return f"${{{before[0]}.items}}"
    return [*range(chance.random.randint(0, 3))]


def _condition(chance: Chance, needed: tuple[str, ...]) -> str | None:
    if not chance.odds(0.25):
        return None
    if needed and chance.odds(0.5):
        return chance.random.choice((f"exists ${{{needed[0]}.job}}", f"empty ${{{needed[0]}}}"))
    return chance.random.choice(("true", "false", "1 < 2 and not false"))


def _steps(chance: Chance) -> list[ToDo]:
    draw = chance.random
    steps: list[ToDo] = []
    for place in range(draw.randint(1, 5)):
        needed = tuple(step.id for step in steps if step.id is not None and chance.odds(0.4))
        many = _list(chance, steps, needed)
        source = needed and next(step for step in steps if step.id == needed[0]).for_each is None
        steps.append(
            ToDo(
                id=f"t{place}",
                action=draw.choice((SEND, SEND, POST, FIND)),
                depends_on=needed,
                params={"source": f"${{{needed[0]}.job}}"} if source else {},
                when=_condition(chance, needed),
                for_each=many,
                timeout=draw.choice((1, 10)),
                retry=RetryPolicy(max_attempts=draw.randint(1, 3), base_delay=timedelta(seconds=draw.choice((0, 2)))),
            )
        )
    return steps
