"""What can go wrong when a language model is asked, by kind: whether another try can help follows from the kind."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from scheduler.core.error_kinds import ConflictError, CPAError, InvalidRequestError, NotFoundError, UnavailableError
from scheduler.core.sentences import Sentence


class LLMAuthError(CPAError):
    """The provider does not accept the key, or the key may not use the model."""

    code: ClassVar[str] = "llm_auth"

    def __init__(self, provider: str, why: str) -> None:
        super().__init__(f"{provider} does not accept the key: {why}", provider=provider, why=why)


class LLMRequestError(CPAError):
    """The provider cannot use the call as it stands: unknown model, too long a prompt, unknown option."""

    code: ClassVar[str] = "llm_request"

    def __init__(self, provider: str, why: str) -> None:
        super().__init__(f"{provider} cannot use the call: {why}", provider=provider, why=why)


class LLMRateLimitError(UnavailableError):
    """Too many calls; `retry_after` says how long the provider wants to be left alone, None: it did not say."""

    code: ClassVar[str] = "llm_rate_limit"

    def __init__(self, provider: str, retry_after: timedelta | None = None) -> None:
        super().__init__(f"{provider} takes no more calls for now", provider=provider)
        self.retry_after = retry_after


class LLMTimeoutError(UnavailableError):
    """No answer in time; what the provider counts for it is not known.

    `hurried`: it had less time than a try has, because the deadline was near.
    """

    code: ClassVar[str] = "llm_timeout"

    def __init__(self, provider: str, limit: str, *, hurried: bool = False) -> None:
        super().__init__(f"{provider} did not answer within {limit}", provider=provider, limit=limit)
        self.hurried = hurried


class LLMUnavailableError(UnavailableError):
    """Not reached, HTTP 5xx, or left alone after many failures. `cut_off`: it began to answer, which costs."""

    code: ClassVar[str] = "llm_unavailable"

    def __init__(self, provider: str, why: str, *, cut_off: bool = False) -> None:
        super().__init__(f"{provider} does not answer: {why}", provider=provider, why=why)
        self.cut_off = cut_off


class LLMRefusedError(CPAError):
    """The model declined to answer."""

    code: ClassVar[str] = "llm_refused"

    def __init__(self, provider: str, why: str) -> None:
        super().__init__(f"{provider} refuses: {why}", provider=provider, why=why)


class LLMTruncatedError(CPAError):
    """The answer reached the limit of tokens before its end."""

    code: ClassVar[str] = "llm_truncated"

    def __init__(self, provider: str, limit: str) -> None:
        super().__init__(f"The answer of {provider} ends after {limit} tokens", provider=provider, limit=limit)


class LLMInvalidOutputError(CPAError):
    """The answer is not JSON, or not of the form that was asked for; `output` is what came, for a repair."""

    code: ClassVar[str] = "llm_invalid_output"

    def __init__(self, provider: str, why: str, output: str = "") -> None:
        super().__init__(f"The answer of {provider} cannot be used: {why}", provider=provider, why=why)
        self.output = output


class LLMBudgetError(CPAError):
    """The next call could cost more than is left; it was not made."""

    code: ClassVar[str] = "budget_exhausted"

    def __init__(self, budget: str, limit: str, spent: str) -> None:
        super().__init__(
            f"The budget of {budget} is used up: {spent} of {limit}", budget=budget, limit=limit, spent=spent
        )


class LLMNotSetUpError(CPAError):
    code: ClassVar[str] = "llm_not_set_up"

    def __init__(self, missing: str) -> None:
        super().__init__(f"No language model is set up: {missing}", missing=missing)


class PlanUnusableError(InvalidRequestError):
    """A model planned what the checks refuse, and could not mend it."""

    code: ClassVar[str] = "plan_unusable"

    def __init__(self, why: str, field: str = "description") -> None:
        super().__init__(f"No usable plan was found: {why}", field=field, why=why)


class PlanUnseenError(InvalidRequestError):
    """A plan would do what a model, or only text that was pasted into the request, says; nobody has looked at it.

    `pasted` are those of the steps that follow only from pasted text.
    """

    code: ClassVar[str] = "plan_unseen"

    def __init__(self, steps: Sequence[str], field: str = "text", *, pasted: Sequence[str] = ()) -> None:
        planned = ", ".join(step for step in steps if step not in pasted)
        told = ", ".join(pasted)
        model = Sentence(
            f"Ein Sprachmodell will etwas ändern: {planned}", f"A language model wants to change something: {planned}"
        )
        text = Sentence(
            f"Auftrag oder Adresse steht nur in eingefügtem Text: {told}",
            f"The order or the address stands only in pasted text: {told}",
        )
        reasons = [why for why, named in ((model, planned), (text, told)) if named]
        why = Sentence("; ".join(one.de for one in reasons), "; ".join(one.en for one in reasons))
        super().__init__(f"Nobody has looked at the plan: {why.en}", field=field, steps=", ".join(steps), why=why)


class PlanNotFoundError(NotFoundError):
    """Nobody has shown this plan, or it is kept no longer. What belongs to other tenants is not found either."""

    code: ClassVar[str] = "plan_not_found"

    def __init__(self, plan: str) -> None:
        super().__init__(f"There is no plan {plan!r}", plan=plan)


class PlanExpiredError(ConflictError):
    """The plan was shown too long ago."""

    code: ClassVar[str] = "plan_expired"

    def __init__(self, plan: str, expired: str) -> None:
        super().__init__(f"The plan {plan!r} was kept until {expired}", plan=plan, expired=expired)


class PlanSupersededError(ConflictError):
    """The plan was changed after it was shown: `newer` is its next version."""

    code: ClassVar[str] = "plan_superseded"

    def __init__(self, plan: str, newer: str) -> None:
        super().__init__(f"The plan {plan!r} was changed: it is {newer!r} now", plan=plan, newer=newer)


class NoAgentError(UnavailableError):
    code: ClassVar[str] = "no_agent"

    def __init__(self, action: str) -> None:
        super().__init__(f"No agent can do {action!r} now", action=action)
