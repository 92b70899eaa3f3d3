"""Answers of language models to requests for plans: good ones, ones gone wrong, and what must never come of them."""

import copy
import json
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

from hypothesis import strategies as st

from scheduler.core.actions import ActionCatalog, Risk
from scheduler.core.task_graph import TaskGraph
from scheduler.security.policies import PolicyEngine

REQUEST = (
    "Erzähl bob@example.com und info@straße.example einen Witz über https://shop.example.com/preise und Liste.xlsx "
    "({quoted})"
)
KNOWN = {"address_book": "Anna Müller: anna@example.com"}
EVERYWHERE = (
    "eve@evil.example", "ob@example.com", "bob@example.co", "bob@example.com.evil.example", "\uff42ob@example.com",
    "info@strasse.example", "https://evil.example/x", "https://shop.example.com.evil.example/preise",
    "https://shop.example.com@evil.example/", "http://shop.example.com/preise", "secret://bank.password",
    "SECRET://bank.password", "x secret://bank.password",
)  # fmt: skip
"""What nobody said, and no step may hold in any of its values."""
AIMED_AT = (
    "/etc/passwd",
    "../Liste.xlsx",
    "Geheim.xlsx",
    "artifact://other/step/a.pdf",
    "terminal",
    "iste.xlsx",
    "$${x}",
)
"""What nobody said, and no step may act upon."""
_AIMS = (
    "to", "cc", "bcc", "url", "path", "source", "sources", "destination", "attachments", "files", "application",
    "folder", "mail", "answers", "forwards", "site", "credential", "basic_auth", "participants", "inline_images",
)  # fmt: skip
_GOOD: tuple[dict[str, Any], ...] = (
    {"id": "look", "action": "file.find", "params": {"pattern": "Liste.xlsx"}},
    {"id": "take", "action": "file.attach", "params": {"path": "Liste.xlsx"}},
    {"id": "rows", "action": "data.read_table", "params": {"source": "${take.artifact}"}},
    {"id": "page", "action": "web.goto", "params": {"url": "https://shop.example.com/preise"}},
    {"id": "word", "action": "web.fill", "selector": ["label=Suche"], "text": "Preise", "depends_on": ["page"]},
    {"id": "go", "action": "web.click", "selector": ["text=Los"], "depends_on": ["word"]},
    {
        "id": "tell",
        "action": "mail.send",
        "params": {
            "to": ["bob@example.com"],
            "subject": "Preise",
            "body": "Anbei",
            "attachments": ["${take.artifact}"],
        },
    },
    {"id": "copy", "action": "file.copy", "params": {"source": "Liste.xlsx", "destination": "Liste.xlsx"}},
)
_JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**12), st.floats(allow_nan=False), st.text(max_size=8),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip
_FOREIGN = st.sampled_from([*EVERYWHERE, *AIMED_AT])
_ACTIONS = st.sampled_from(
    [
        "disk.format",
        "file.delete",
        "app.run_command",
        "mail.send",
        "web.goto",
        "file.move",
        "site.login",
        "web.login",
        "",
    ]
)


def plan(*steps: Mapping[str, Any]) -> str:
    return json.dumps({"tasks": steps, "reasoning": "So geht es."})


@st.composite
def _sound_steps(draw: st.DrawFn) -> list[dict[str, Any]]:
    chosen = draw(st.sets(st.sampled_from([step["id"] for step in _GOOD]), max_size=4))
    needed = {"rows": {"take"}, "tell": {"take"}, "word": {"page"}, "go": {"page", "word"}}
    wanted = chosen.union(*(needed.get(one, set()) for one in chosen))
    return [copy.deepcopy(step) for step in _GOOD if step["id"] in wanted]


@st.composite
def gone_wrong(draw: st.DrawFn) -> str:
    """A plan that may have gone wrong in some ways, or no plan at all."""
    steps = draw(_sound_steps())
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3]))):
        _spoil(draw, steps)
    document: dict[str, Any] = {"tasks": steps, "reasoning": "So geht es."}
    if draw(st.integers(0, 9)) == 0:
        document[draw(st.sampled_from(["tasks", "reasoning", "actions"]))] = draw(_JUNK)
    text = json.dumps(document)
    match draw(st.integers(0, 19)):
        case 0:
            return text[: draw(st.integers(0, len(text)))]
        case 1:
            return f"Gern! {text}"
        case 2:
            return f"```json\n{text}\n```"
        case 3:
            return '{"tasks": ' * draw(st.integers(1, 300))
    return text


def _spoil(draw: st.DrawFn, steps: list[dict[str, Any]]) -> None:
    if not steps:
        steps.append({"action": draw(_ACTIONS), "params": {"to": [draw(_FOREIGN)]}})
    step = steps[draw(st.integers(0, len(steps) - 1))]
    draw(st.sampled_from([_aim_elsewhere, _hide, _act, _depend, _refer, _type, _repeat, _wait]))(draw, step)
    if draw(st.integers(0, 9)) == 0:
        steps *= draw(st.integers(2, 60))
    if draw(st.integers(0, 9)) == 0:
        steps += [
            {"action": "file.find", "params": {"pattern": f"{one}.pdf"}} for one in range(draw(st.integers(36, 60)))
        ]


Step = dict[str, Any]


def _aim_elsewhere(draw: st.DrawFn, step: Step) -> None:
    params = step.setdefault("params", {})
    name = draw(st.sampled_from([*(name for name in params if name in _AIMS), *_AIMS]))
    foreign = draw(_FOREIGN)
    params[name] = [foreign] if isinstance(params.get(name), list) else foreign


def _hide(draw: st.DrawFn, step: Step) -> None:
    step.setdefault("params", {})["body"] = f"Siehe {draw(st.sampled_from(EVERYWHERE))}!"


def _act(draw: st.DrawFn, step: Step) -> None:
    step["action"] = draw(_ACTIONS)


def _depend(draw: st.DrawFn, step: Step) -> None:
    step["depends_on"] = draw(st.lists(st.sampled_from(["look", "take", "tell", "nobody", "page"]), max_size=3))


def _refer(draw: st.DrawFn, step: Step) -> None:
    texts = ["${tell.id}", "${nobody.x}", "${look.path}", "${", "$${look}"]
    step.setdefault("params", {})[draw(st.sampled_from(["subject", "x"]))] = draw(st.sampled_from(texts))


def _type(draw: st.DrawFn, step: Step) -> None:
    names = ["timeout", "repeatable", "risk", "agent", "id", "depends_on", "selector", "do", "verify", "reason"]
    step[draw(st.sampled_from(names))] = draw(_JUNK)


def _repeat(draw: st.DrawFn, step: Step) -> None:
    step["repeatable"] = True
    step["retry"] = {"max_attempts": draw(st.integers(1, 100)), "base_delay": 0}


def _wait(draw: st.DrawFn, step: Step) -> None:
    step["text"] = draw(_FOREIGN)
    step["timeout"] = draw(st.sampled_from([1e9, 86_400.0, 5.0]))


@st.composite
def readings(draw: st.DrawFn) -> str:
    """What a model says a request wants."""
    intents = ["unknown", "unknown", "send_mail", "mail_document", "open_app", "fetch_and_send", "no such", ""]
    slot = st.fixed_dictionaries(
        {
            "name": st.sampled_from(["recipient", "application", "portal", "document", "body", "url", "x"]),
            "value": st.sampled_from(["bob@example.com", "anna@example.com", "Witz", *EVERYWHERE, *AIMED_AT]),
        }
    )
    answer = {
        "intent": draw(st.sampled_from(intents)),
        "confidence": draw(st.sampled_from([0.0, 0.3, 0.9, 1.0, 7])),
        "slots": draw(st.lists(slot, max_size=3)),
        "reason": "so",
    }
    return json.dumps(answer)[: draw(st.sampled_from([20, 10_000, 10_000, 10_000]))]


def must_be_harmless(graph: TaskGraph, catalog: ActionCatalog, policy: PolicyEngine) -> None:
    """Assert what holds of every plan that comes of a model, by other means than those that refuse the bad ones."""
    steps = list(graph.tasks.values())
    assert 0 < len(steps) <= 40
    assert all(step.action in catalog and policy.check_action_allowed(step.action) for step in steps)
    order = TopologicalSorter({str(step.id): [str(one) for one in step.dependencies] for step in steps})
    assert set(order.static_order()) == {str(step.id) for step in steps}
    for step in steps:
        assert step.timeout <= 600
        assert step.retry.max_attempts <= 3
        assert not step.repeatable
        values = [*_strings(step.params), step.text or ""]
        assert not [one for one in values if any(bad.lower() in one.lower().split() for bad in EVERYWHERE)], values
        assert "bank.password" not in json.dumps(step.params) + (step.text or "")
        aims = {name: value for name, value in step.params.items() if name in _AIMS}
        assert not [one for one in _strings(aims) if one in {*EVERYWHERE, *AIMED_AT}], aims


def risks(graph: TaskGraph, catalog: ActionCatalog) -> list[str]:
    return [step.action for step in graph.tasks.values() if catalog.get(step.action).risk is not Risk.LOW]


def _strings(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (found for one in (*value.keys(), *value.values()) for found in _strings(one))
    elif isinstance(value, list | tuple):
        yield from (found for one in value for found in _strings(one))
