"""An element of a page or a window, described by ranked locators as a person would name it.

A target survives a moved button because it names the element in more than one way; executors and environments resolve
it from the most trusted locator down and report which one fitted.
"""

import re
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class By(StrEnum):
    """How a locator finds its element."""

    CSS = "css"
    XPATH = "xpath"
    TEXT = "text"
    ROLE = "role"
    LABEL = "label"
    PLACEHOLDER = "placeholder"
    TEST_ID = "test_id"


_KINDS = frozenset(by.value for by in By)
_ROLE = re.compile(r"(?P<role>[a-z]+)(?:\[name=(?P<quote>[\"']?)(?P<name>.*)(?P=quote)\])?", re.DOTALL)


class Locator(BaseModel):
    """One way to find an element; `name` is the accessible name and goes with a role only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: By
    value: str
    name: str | None = None

    @field_validator("value")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("a locator needs a value, for example label=E-Mail")
        return value.strip()

    @model_validator(mode="after")
    def _name_of_a_role(self) -> Self:
        if self.by is not By.ROLE and self.name is not None:
            raise ValueError("only a role has a name")
        return self

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `label=E-Mail`, `role=button[name="Anmelden"]`, `//td[1]` or plain CSS.

        Raises ValueError when that is empty or no role.
        """
        text = text.strip()
        if text.startswith(("//", "(//")):
            return cls(by=By.XPATH, value=text)
        kind, separator, value = text.partition("=")
        if not separator or kind not in _KINDS:
            return cls(by=By.CSS, value=text)
        if kind != By.ROLE:
            return cls(by=By(kind), value=value)
        match = _ROLE.fullmatch(value)
        if match is None:
            raise ValueError(f"not a role: {value[:80]!r}, expected for example role=button[name=Anmelden]")
        return cls(by=By.ROLE, value=match["role"], name=match["name"])

    def __str__(self) -> str:
        if self.by is By.ROLE and self.name is not None:
            return f'role={self.value}[name="{self.name}"]'
        return f"{self.by}={self.value}"


class Target(BaseModel):
    """Locators from the most to the least trusted. A plain string, or a list of strings, is read as locators."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    locators: tuple[Locator, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the document held
        if isinstance(value, str):
            return {"locators": [Locator.parse(value)]}
        if isinstance(value, list | tuple) and value and all(isinstance(part, str) for part in value):
            return {"locators": [Locator.parse(part) for part in value]}
        return value

    def __str__(self) -> str:
        return " | ".join(str(locator) for locator in self.locators)
