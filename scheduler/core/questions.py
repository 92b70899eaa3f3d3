"""What must be asked of a person before a job can go on, in the language of the request."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from scheduler.core.choices import meant, without_filling
from scheduler.core.error_kinds import InvalidRequestError, TaskFailedError
from scheduler.core.ids import TaskId
from scheduler.core.request_errors import InvalidFieldError, RequestTooLargeError
from scheduler.core.sentences import Locale, Sentence


class Choice(BaseModel):
    """One answer that would do: `value` is what is answered, `label` what people read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str
    label: str


class Question(BaseModel):
    """One question about one thing. `key` names it within its job and is what an answer refers to.

    `about`: which intent is meant, what fills a slot (`slot`), or what a step needs (a code of a second factor).
    With `choices` the answer is one of them, unless `open`. The answer to a `secret` one never reaches the database.
    `order` tells of several orders in one request which is asked about, from 0. `patience` is how long the answer is
    waited for; None: as the settings say. `task` is the step that asks, if one does. The answer to one of an agent is
    sealed to its key `sealed_for` (X25519, as `x` of a JWK) before it is kept or sent.
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
    patience: timedelta | None = Field(default=None, gt=timedelta(0))
    task: TaskId | None = None
    sealed_for: str | None = Field(default=None, max_length=100)

    def by(self, task: TaskId) -> "Question":
        """Return the question as one that the step asks: its key is unique within the job."""
        return self.model_copy(update={"key": f"{task}.{self.key}", "task": task})


class AskingError(TaskFailedError):
    """A step needs to know what a person must say. It had no effect yet, and is done again with the answers.

    If nobody answers in time the step has failed with this error.
    """

    code: ClassVar[str] = "not_answered"

    def __init__(self, message: str, questions: Sequence[Question], **facts: str | Sentence) -> None:
        super().__init__(message, **facts, questions=" ".join(question.text for question in questions))
        self.questions = tuple(questions)


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


class OpenQuestions(BaseModel):
    """What a job asks now. `round` counts how often it has asked; `answers` are those of the rounds before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    round: int = 1
    questions: tuple[Question, ...] = Field(min_length=1)
    answers: dict[str, str] = Field(default_factory=dict)
    expires_at: AwareDatetime

    @property
    def of_steps(self) -> bool:
        """Whether steps of a run ask; else planning does."""
        return self.questions[0].about == "step"


LONGEST_ANSWER = 2000
"""Characters."""


def checked_answers(
    questions: Sequence[Question], *, answers: Mapping[str, str] | None = None, text: str | None = None
) -> dict[str, str]:
    """Return the answers by the keys of their questions, all or some of them; `text` answers the only question.

    A choice may be said as `meant` tells. Words that may mean several are an error, or, where others would do as well,
    the answer. Raises InvalidFieldError.
    """
    if (text is None) == (answers is None):
        raise InvalidFieldError("answers", _ONE_OF_BOTH)
    if text is not None:
        if len(questions) != 1:
            raise InvalidFieldError("text", _SEVERAL)
        return {questions[0].key: _checked(questions[0], text, "text")}
    known = {question.key: question for question in questions}
    if not answers:
        raise InvalidFieldError("answers", _EMPTY)
    for key in answers:
        if key not in known:
            keys = ", ".join(known)
            said = Sentence(f"das ist nicht gefragt; gefragt ist: {keys}", f"that is not asked; asked is: {keys}")
            raise InvalidFieldError(f"answers.{key[:100]}", said)
    return {key: _checked(known[key], answer, f"answers.{key}") for key, answer in answers.items()}


def _checked(question: Question, answer: str, field: str) -> str:
    words = answer.strip()
    if not words:
        raise InvalidFieldError(field, _EMPTY)
    if len(words) > LONGEST_ANSWER:
        raise RequestTooLargeError(field, LONGEST_ANSWER)
    found = [question.choices[place] for place in meant(question.choices, words)]
    if len(found) == 1:
        return found[0].value
    if not question.open:
        labels = ", ".join(choice.label for choice in found or question.choices)
        which = Sentence(f"gemeint sein kann: {labels}", f"that may be: {labels}")
        raise InvalidFieldError(
            field, which if found else Sentence(f"zur Wahl stehen: {labels}", f"the choices are: {labels}")
        )
    return without_filling(words) if found else words


_ONE_OF_BOTH = Sentence("erwartet wird answers oder text", "expected is either answers or text")
_SEVERAL = Sentence("es ist mehreres gefragt; bitte answers benutzen", "several things are asked; please use answers")
_EMPTY = Sentence("die Antwort ist leer", "the answer is empty")
