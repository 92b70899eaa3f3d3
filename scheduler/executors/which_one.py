"""Asks which of several things is meant where a step wants one."""

from collections.abc import Sequence
from typing import Final

from scheduler.core.choices import meant
from scheduler.core.errors import SeveralFitError
from scheduler.core.questions import Choice, Question
from scheduler.executors.base_executor import ExecutionContext

WHICH: Final = "which"
"""The key of the question."""
_MOST: Final = 20  # choices that are shown


def the_one(what: str, found: Sequence[Choice], context: ExecutionContext) -> str:
    """Return the value of the only one that fits `what`, or of the one that a person has chosen.

    Raises SeveralFitError, which asks, where several fit and nobody has chosen.
    """
    if len(found) == 1:
        return found[0].value
    answer = context.answers.get(WHICH)
    chosen = [one for one in found if one.value == answer]
    if answer and not chosen:
        chosen = [found[place] for place in meant(found, answer)]
    if len(chosen) == 1:
        return chosen[0].value
    shown = (chosen or found)[:_MOST]
    english = context.locale == "en"
    more = len(found) - len(shown) if not chosen else 0
    text = f"“{what}” fits several. Which one is meant?" if english else f"Zu „{what}“ passt mehreres. Was ist gemeint?"
    if more:
        text += f" (There are {more} more.)" if english else f" (Es gibt {more} weitere.)"
    question = Question(key=WHICH, about="step", text=text, locale=context.locale, choices=tuple(shown), open=more > 0)
    raise SeveralFitError(what, [one.label for one in shown], [question])
