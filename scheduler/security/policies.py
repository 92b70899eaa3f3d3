"""Says what is allowed, by a table: a rule that denies wins, and what no rule names is denied.

Every answer names its rule, so that a person can find out why. Upper and lower case are the same.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same in a tenth of the time, where PyYAML has its C library."""
_REMEMBERED = 1000  # actions whose answer is kept: plans name the same ones again and again
DEFAULT_POLICIES = Path(__file__).parent.parent / "config" / "policies.yaml"


class Rule(BaseModel):
    """One line of the table: a name, and patterns it allows or denies."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> "Rule":
        if not self.allow and not self.deny:
            raise ValueError(f"rule {self.rule!r} neither allows nor denies anything")
        return self


class PolicyTable(BaseModel):
    """The rules, as `config/policies.yaml` holds them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    actions: tuple[Rule, ...] = ()
    apps: tuple[Rule, ...] = ()


class Decision(BaseModel):
    """An answer and the rule that gave it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allowed: bool
    rule: str


class PolicyEngine:
    """Decides by a table of rules."""

    def __init__(self, table: PolicyTable) -> None:
        self._table = table
        self._decide_action = lru_cache(_REMEMBERED)(partial(_decide, table.actions))

    @classmethod
    def load(cls, path: Path = DEFAULT_POLICIES) -> "PolicyEngine":
        """Read the table from YAML. Raises ValueError, which names the file, when it is not one."""
        try:
            document = yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506 - either of them is safe
            return cls(PolicyTable.model_validate(document or {}))
        except (yaml.YAMLError, ValidationError) as error:
            raise ValueError(f"{path}: {error}") from error

    def check_action_allowed(self, action: str) -> bool:
        """Whether a dotted action may be in a plan."""
        return self.decide_action(action).allowed

    def check_app_allowed(self, app_name: str) -> bool:
        """Whether an application may be used."""
        return self.decide_app(app_name).allowed

    def decide_action(self, action: str) -> Decision:
        """Answer for an action, with the rule."""
        return self._decide_action(action)

    def decide_app(self, app_name: str) -> Decision:
        """Answer for an application, with the rule."""
        return _decide(self._table.apps, app_name)


def _decide(rules: Sequence[Rule], name: str) -> Decision:
    for rule in rules:
        if _fits(name, rule.deny):
            return Decision(allowed=False, rule=rule.rule)
    for rule in rules:
        if _fits(name, rule.allow):
            return Decision(allowed=True, rule=rule.rule)
    return Decision(allowed=False, rule="default-deny")


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)
