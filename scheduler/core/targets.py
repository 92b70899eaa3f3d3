"""An element of a page or a window, described by ranked locators as a person would name it.

A target survives a moved button because it names the element in more than one way; executors and environments resolve
it from the most trusted locator down and report which one fitted.
"""

import json
import re
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class By(StrEnum):
    """How a locator finds its element. A `ref` is what the last look at the page called it, and goes with that page."""

    CSS = "css"
    XPATH = "xpath"
    TEXT = "text"
    ROLE = "role"
    LABEL = "label"
    PLACEHOLDER = "placeholder"
    TEST_ID = "test_id"
    REF = "ref"


_KINDS = frozenset(by.value for by in By)
_ROLE = re.compile(r"(?P<role>[a-z]+)(?:\[name=(?P<quote>[\"']?)(?P<name>.*)(?P=quote)\])?", re.DOTALL)
_REF = re.compile(r"(?:f\d+)?e\d+")
_NEAR = "near="


class Locator(BaseModel):
    """One way to find an element; `name` is the accessible name and goes with a role only.

    `near` is a text beside which the element stands: of several that fit, the one nearest to it is meant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: By
    value: str
    name: str | None = None
    near: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the document held
        return cls._parts(value) if isinstance(value, str) else value

    @field_validator("value", "near")
    @classmethod
    def _not_blank(cls, value: str | None) -> str | None:
        if value is not None and not value.strip():
            raise ValueError("a locator needs a value, for example label=E-Mail")
        return value and value.strip()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.by is not By.ROLE and self.name is not None:
            raise ValueError("only a role has a name")
        if self.by is By.REF and not _REF.fullmatch(self.value):
            raise ValueError(f"not a ref: {self.value[:80]!r}, expected for example ref=e5")
        return self

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `label=E-Mail`, `role=button[name="Anmelden"]`, `//td[1]`, `near="Netto" css=input` or plain CSS.

        Raises ValueError when that is empty, no role or no ref.
        """
        return cls(**cls._parts(text))

    @classmethod
    def _parts(cls, text: str) -> dict[str, Any]:
        text = text.strip()
        if text.startswith(_NEAR):
            try:
                near, end = json.JSONDecoder().raw_decode(text, len(_NEAR))
            except ValueError:
                near, end = None, 0
            if not isinstance(near, str) or not text[end:].strip():
                raise ValueError('a locator beside a text is written like near="Netto" css=input')
            return {**cls._parts(text[end:]), "near": near}
        if text.startswith(("//", "(//")):
            return {"by": By.XPATH, "value": text}
        kind, separator, value = text.partition("=")
        if not separator or kind not in _KINDS:
            return {"by": By.CSS, "value": text}
        if kind != By.ROLE:
            return {"by": By(kind), "value": value}
        match = _ROLE.fullmatch(value)
        if match is None:
            raise ValueError(f"not a role: {value[:80]!r}, expected for example role=button[name=Anmelden]")
        return {"by": By.ROLE, "value": match["role"], "name": match["name"]}

    def __str__(self) -> str:
        near = "" if self.near is None else f"{_NEAR}{json.dumps(self.near, ensure_ascii=False)} "
        if self.by is By.ROLE and self.name is not None:
            return f'{near}role={self.value}[name="{self.name}"]'
        return f"{near}{self.by}={self.value}"


class Target(BaseModel):
    """Locators from the most to the least trusted. A plain string, or a list of strings, is read as locators.

    `frame` leads from the page to the frame the element stands in, from the outermost one inwards; without it all
    frames are searched. `role` is what the element was when it was recorded: nothing else may take its place.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    locators: tuple[Locator, ...] = Field(min_length=1)
    frame: tuple[Locator, ...] = ()
    role: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the document held
        if isinstance(value, str):
            return {"locators": [Locator.parse(value)]}
        if isinstance(value, list | tuple) and value and all(isinstance(part, str) for part in value):
            return {"locators": [Locator.parse(part) for part in value]}
        return value

    @field_validator("frame", mode="before")
    @classmethod
    def _one_frame(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the document held
        return [value] if isinstance(value, str) else value

    @property
    def expected_role(self) -> str | None:
        """The role that what fits must have: the recorded one, else the one the most trusted role locator names."""
        return self.role or next((locator.value for locator in self.locators if locator.by is By.ROLE), None)

    def __str__(self) -> str:
        ways = " | ".join(str(locator) for locator in self.locators)
        return ways if not self.frame else f"{ways} in {' > '.join(str(frame) for frame in self.frame)}"
