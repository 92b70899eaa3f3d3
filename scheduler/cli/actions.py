"""`cpa actions`: what can be done, as a table for people or as the page docs/ACTIONS.md."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from rich.table import Table

from scheduler.cli.words import say
from scheduler.core.actions import ActionSpec
from scheduler.core.offered_action import OfferedAction
from scheduler.executor_wiring import make_policy, make_registry, make_sites, make_tools
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.security.policies import PolicyEngine
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import Settings

_HEAD = """# All actions

What a step of a plan may say in `action`, with its `params` and the fields of its result that later steps may
refer to. Written by `cpa actions --markdown`. *Repeatable* steps may be done twice; one of unknown outcome is
otherwise verified first. Who may do what says `config/policies.yaml`. Write your own:
[EXECUTOR_GUIDE.md](EXECUTOR_GUIDE.md).
"""


def known_actions(settings: Settings) -> tuple[list[ActionSpec], PolicyEngine]:
    """Return every action, sorted by name, and the table that says which are allowed. Raises ValueError or OSError."""
    folder = settings.store.data_dir
    secrets, artifacts = SecretsManager(settings.store.secrets_file), ArtifactStore(folder / "artifacts")
    registry = make_registry(
        settings, secrets, artifacts, ScreenshotStore(folder / "screenshots"), make_sites(settings)
    )
    make_tools(settings, secrets, artifacts, registry)
    return sorted(registry.catalog, key=lambda spec: spec.name), make_policy(settings)


def with_offered(known: Iterable[ActionSpec], agents: Iterable[Mapping[str, Any]]) -> list[ActionSpec]:
    """Return the actions together with those that agents bring besides, sorted by name."""
    told = (OfferedAction.model_validate(action) for agent in agents for action in agent["actions"])
    actions = {one.name: one.spec() for one in told} | {spec.name: spec for spec in known}
    return sorted(actions.values(), key=lambda spec: spec.name)


def as_json(actions: Iterable[ActionSpec], policy: PolicyEngine) -> list[dict[str, Any]]:
    """Return each action as data, its parameters as JSON Schema."""
    return [
        {
            "name": spec.name,
            "description": spec.description,
            "risk": spec.risk.value,
            "repeatable": spec.repeatable,
            "allowed": policy.check_action_allowed(spec.name),
            "params": spec.params.model_json_schema(),
            "needs": [name for name, needed in _needs(spec) if needed],
            "result": None if spec.result is None else sorted(spec.result),
        }
        for spec in actions
    ]


def as_table(actions: Iterable[ActionSpec], policy: PolicyEngine) -> Table:
    """Return a table for a terminal; what is forbidden is marked."""
    table = Table(box=None)
    for title in (say("Aktion", "action"), say("tut", "does"), say("Angaben", "params"), say("Risiko", "risk")):
        table.add_column(title)
    for spec in actions:
        needs = [name for name, needed in _needs(spec) if needed]
        given = ", ".join(needs + [name.strip("`") for name in parameters(spec.params)])
        allowed = policy.check_action_allowed(spec.name)
        risk = spec.risk.value if allowed else f"[red]{say('untersagt', 'forbidden')}[/]"
        table.add_row(spec.name, spec.description, given, risk)
    return table


def as_markdown(actions: Iterable[ActionSpec], policy: PolicyEngine) -> str:
    """Return the page, one table per family."""
    pages, family = [_HEAD], ""
    for spec in actions:
        if spec.name.partition(".")[0] != family:
            family = spec.name.partition(".")[0]
            pages.append(f"## {family}.*\n| action | it does | params | result | |\n| --- | --- | --- | --- | --- |")
        marks = [
            f"risk {spec.risk.value}",
            *(["repeatable"] if spec.repeatable else []),
            *([] if policy.check_action_allowed(spec.name) else ["**forbidden by default**"]),
        ]
        given = ", ".join([*(f"*{name}*" for name, needed in _needs(spec) if needed), *parameters(spec.params)])
        result = "?" if spec.result is None else ", ".join(f"`{name}`" for name in sorted(spec.result))
        pages.append(f"| `{spec.name}` | {spec.description}{_more(spec)} | {given} | {result} | {', '.join(marks)} |")
    return "\n".join(pages).replace("\n## ", "\n\n## ") + "\n"


def parameters(model: type[BaseModel]) -> list[str]:
    """Return the names of the parameters; those that may be left out with a question mark."""
    if not model.model_fields:  # the schema of a tool of others
        schema = model.model_json_schema()
        return [
            f"`{name}`" if name in schema.get("required", ()) else f"`{name}?`" for name in schema.get("properties", ())
        ]
    return [f"`{name}`" if field.is_required() else f"`{name}?`" for name, field in model.model_fields.items()]


def _needs(spec: ActionSpec) -> tuple[tuple[str, bool], ...]:
    return ("selector", spec.needs_selector), ("text", spec.needs_text)


def _more(spec: ActionSpec) -> str:
    """Return what the model says of its parameters, if it says anything of its own."""
    said = spec.params.__doc__
    inherited = said is None or any(said == parent.__doc__ for parent in spec.params.__mro__[1:])
    return "" if inherited else ". " + " ".join(inspect.cleandoc(said or "").split()).replace("|", "\\|")
