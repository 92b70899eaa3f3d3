"""Asks which of several things is meant where a step wants one."""

from collections.abc import Sequence
from typing import Final

from scheduler.core.choices import meant
from scheduler.core.errors import SeveralFitError
from scheduler.core.questions import Choice, Question
from scheduler.core.sentences import Sentence
from scheduler.executors.base_executor import ExecutionContext

WHICH: Final = "which"
"""The key of the question."""
_MOST: Final = 20  # choices that are shown
_SEVERAL: Final = Sentence("Zu „{what}“ passt mehreres. Was ist gemeint?", "“{what}” fits several. Which one is meant?")
_NONE_JUST_SO: Final = Sentence(
    "„{what}“ heißt nichts genau so. Was ist gemeint?", "Nothing is called just “{what}”. Which one is meant?"
)
_GONE: Final = Sentence(
    "„{what}“ gibt es hier nicht. Was ist gemeint?", "There is no “{what}” here. Which one is meant?"
)
_MORE: Final = Sentence(" (Es gibt {more} weitere.)", " (There are {more} more.)")


def the_one(what: str, found: Sequence[Choice], context: ExecutionContext, *, sure: bool = True) -> str:
    """Return the value of the only one that fits `what`, or of the one that a person has chosen.

    Raises SeveralFitError, which asks, where nobody has chosen and several fit, or one of which nobody is `sure`.
    """
    answer = context.answers.get(WHICH)
    if len(found) == 1 and sure and not answer:
        return found[0].value
    chosen = [one for one in found if one.value == answer]
    if answer and not chosen and len(found) > _MOST and not answer.isdecimal():  # one that was not shown
        chosen = [found[place] for place in meant(found, answer)]
    if len(chosen) == 1:
        return chosen[0].value
    shown = (chosen or found)[:_MOST]
    more = len(found) - len(shown) if not chosen else 0
    asked = _GONE if answer and not chosen else _SEVERAL if sure else _NONE_JUST_SO
    text: str = getattr(asked, context.locale).format(what=answer if asked is _GONE else what)
    text += getattr(_MORE, context.locale).format(more=more) if more else ""
    question = Question(key=WHICH, about="step", text=text, locale=context.locale, choices=tuple(shown), open=more > 0)
    raise SeveralFitError(what, [one.label for one in shown], [question])
