"""What planning asks of people, and what their answers change. Keys: "intent", "slot.NAME", "ORDER.slot.NAME"."""

import re
from collections.abc import Callable, Mapping

from scheduler.core.errors import InvalidRequestError, UnknownIntentError
from scheduler.core.intents import UNKNOWN, Intent, RoutedIntent
from scheduler.core.job import Locale
from scheduler.core.language import detect_locale
from scheduler.core.questions import AskBackError, Choice, Question
from scheduler.core.sentences import Sentence
from scheduler.core.taught import read_example
from scheduler.core.taught_book import TaughtBook
from scheduler.orchestrator.asking import takes_address

_OF_ORDER = re.compile(r"(\d{1,3})\.(.+)")
_SLOT = "slot."
_ADDRESS = re.compile(r"(?:https?://)?(?:[\w-]+\.)+\w{2,}(?:[:/]\S*)?$|https?://\S+$", re.IGNORECASE)
_MEANT = Sentence("Was ist mit „{words}“ gemeint?", "What is meant by “{words}”?")
_NO_ORDER = Sentence(
    "„{words}“ verstehe ich nicht als Auftrag. Was ist gemeint?", "“{words}” is no order to me. What is meant?"
)
_LEAVE_OUT = Sentence("Diesen Teil weglassen", "Leave this part out")


def of_order(answers: Mapping[str, str], order: int) -> dict[str, str]:
    """Return the answers about one of several orders, under the keys they would have if it stood alone."""
    found = ((_OF_ORDER.fullmatch(key), value) for key, value in answers.items())
    return {match[2]: value for match, value in found if match and int(match[1]) == order}


def apply_answers(
    routed: RoutedIntent, answers: Mapping[str, str], taught: TaughtBook, text: str, is_portal: Callable[[str], bool]
) -> RoutedIntent:
    """Return what is wanted as people said: another intent, other words for slots. Unknown names change nothing.

    What nobody had understood before is read again, now that its intent is known. An address takes the place of a
    portal, unless a portal is called so.
    """
    meant = taught.intents.get(answers.get("intent", ""))
    if meant is not None and meant.name != routed.name:
        slots = taught.slots_of(meant.name, text) if routed.name == UNKNOWN else routed.slots
        kept = {"slots": slots, "locale": routed.locale, "score": 1.0, "way": routed.way}
        routed = RoutedIntent(**{**dict(meant), **kept}, why=_say(_SAID, routed.locale))
    said = {key.removeprefix(_SLOT): value for key, value in answers.items() if key.startswith(_SLOT)}
    portal = said.get("portal", "")
    if _ADDRESS.match(portal) and takes_address(routed) and not is_portal(portal):
        said["url"], said["portal"] = said["portal"], ""
    return routed.model_copy(update={"slots": {**routed.slots, **said}}) if said else routed


_SAID = Sentence("So wurde es auf Nachfrage gesagt", "It was said so when asked")


def ask_what_is_meant(routed: RoutedIntent, intents: Mapping[str, Intent], words: str = "") -> AskBackError:
    """Ask which intent is meant, with the nearest ones to choose from."""
    text = _say(_MEANT, routed.locale).format(words=words[:200]) if words else _say(_WHAT, routed.locale)
    choices = tuple(_choice(intents[name], routed.locale) for name in routed.nearest if name in intents)
    question = Question(key="intent", about="intent", text=text, locale=routed.locale, choices=choices)
    return AskBackError([question], slots=routed.slots)


_WHAT = Sentence(
    "Dafür habe ich keinen brauchbaren Plan gefunden. Was ist gemeint?",
    "I found no usable plan for this. What is meant?",
)


def at_order(error: InvalidRequestError, order: int, words: str, intents: Mapping[str, Intent]) -> InvalidRequestError:
    """Return the error as one about one of several orders; what an answer can settle becomes a question."""
    locale = detect_locale(words)
    skip = Choice(value=UNKNOWN, label=_say(_LEAVE_OUT, locale))
    if isinstance(error, AskBackError):
        questions = [
            one.model_copy(
                update={
                    "key": f"{order}.{one.key}",
                    "order": order,
                    "choices": (skip, *one.choices) if one.about == "intent" else one.choices,
                }
            )
            for one in error.questions
        ]
        return AskBackError(questions, intent=error.intent, slots=error.slots)
    if isinstance(error, UnknownIntentError):
        text = _say(_NO_ORDER, locale).format(words=words[:200])
        near = tuple(_choice(intents[name], locale) for name in error.nearest if name in intents)
        key = f"{order}.intent"
        return AskBackError(
            [Question(key=key, about="intent", text=text, locale=locale, order=order, choices=(skip, *near))]
        )
    return error


def _choice(intent: Intent, locale: Locale) -> Choice:
    return Choice(value=intent.name, label=_label(intent, locale))


def _label(intent: Intent, locale: Locale) -> str:
    """Return what people read for an intent: what it is, else how it is said."""
    told = intent.description.get(locale) or next(iter(intent.description.values()), "")
    said = intent.examples.get(locale) or next(iter(intent.examples.values()), [])
    if told or not said:
        return told or intent.name.replace("_", " ")
    return read_example(intent.name, said[0]).text


def _say(said: Sentence, locale: Locale) -> str:
    return said.de if locale == "de" else said.en
