"""What must be asked of a person before a job can go on, in the language of the request."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from scheduler.core.error_kinds import InvalidRequestError
from scheduler.core.job import Locale


class Choice(BaseModel):
    """One answer that would do: `value` is what is answered, `label` what people read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str
    label: str


class Question(BaseModel):
    """One question about one thing. `key` names it within its job and is what an answer refers to.

    `about`: which intent is meant, what fills a slot (`slot`), or what a step needs (a code of a second factor).
    With `choices` the answer is one of them, unless `open`. The answer to a `secret` one is never stored in clear.
    `order` tells of several orders in one request which is asked about, from 0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    about: Literal["intent", "slot", "step"]
    text: str
    locale: Locale = "de"
    slot: str | None = None
    intent: str | None = None
    order: int = Field(default=0, ge=0)
    choices: tuple[Choice, ...] = ()
    open: bool = True
    secret: bool = False


class AskBackError(InvalidRequestError):
    """A request is understood but for what `questions` ask; with their answers it can be planned.

    `slots` are what was understood so far, `intent` what is wanted as far as that is clear.
    """

    code: ClassVar[str] = "ask_back"

    def __init__(
        self,
        questions: Sequence[Question],
        *,
        intent: str | None = None,
        slots: Mapping[str, str] | None = None,
        field: str = "text",
    ) -> None:
        self.questions = tuple(questions)
        self.intent = intent
        self.slots = dict(slots or {})
        asked = " ".join(question.text for question in self.questions)
        super().__init__(f"To be asked: {asked}", field=field, questions=asked)
