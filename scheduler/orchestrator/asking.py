"""Turns what keeps a request from being planned into questions to the person."""

from collections.abc import Mapping
from typing import Final

from scheduler.core.address_book import UnfitNameError
from scheduler.core.errors import InvalidFieldError, InvalidRequestError, MissingSlotError, UnknownSiteError
from scheduler.core.intents import RoutedIntent
from scheduler.core.questions import AskBackError, Choice, Question
from scheduler.core.sentences import Sentence
from scheduler.core.taught import without_slot
from scheduler.core.when_dates import WhenError

_SLOT: Final = "slot."
_WHICH: Final[Mapping[str, Sentence]] = {
    "recipient": Sentence("An wen soll es gehen?", "Who is it for?"),
    "participants": Sentence("Wer soll teilnehmen?", "Who is to take part?"),
    "cc": Sentence("Wer soll eine Kopie bekommen?", "Who is to get a copy?"),
    "subject": Sentence("Wie lautet der Betreff?", "What is the subject?"),
    "body": Sentence("Was soll darin stehen?", "What is it to say?"),
    "document": Sentence("Welches Dokument ist gemeint?", "Which document is meant?"),
    "document_id": Sentence("Welche Nummer hat das Dokument?", "What is the number of the document?"),
    "file_name": Sentence("Wie heißt die Datei?", "What is the name of the file?"),
    "file_format": Sentence("In welchem Format?", "In which format?"),
    "application": Sentence("Welches Programm ist gemeint?", "Which application is meant?"),
    "url": Sentence("Welche Webadresse ist gemeint?", "Which web address is meant?"),
    "query": Sentence("Wonach soll gesucht werden?", "What is to be searched for?"),
    "sender": Sentence("Von wem?", "From whom?"),
    "date": Sentence("An welchem Tag?", "On which day?"),
    "time": Sentence("Um wie viel Uhr?", "At what time?"),
    "amount": Sentence("Welcher Betrag?", "Which amount?"),
    "folder": Sentence("Welcher Ordner ist gemeint?", "Which folder is meant?"),
    "portal": Sentence("Welches Portal ist gemeint?", "Which portal is meant?"),
    "form": Sentence("Welches Formular ist gemeint?", "Which form is meant?"),
    "table": Sentence("Welche Tabelle ist gemeint?", "Which table is meant?"),
    "title": Sentence("Wie soll der Termin heißen?", "What is the appointment to be called?"),
}


def question_of(error: InvalidRequestError, routed: RoutedIntent) -> AskBackError | None:
    """Return what to ask for; None: an answer would not help."""
    if isinstance(error, MissingSlotError):
        slot, text, choices = error.slot, _text(error.slot, routed), list[Choice]()
    elif isinstance(error, UnknownSiteError):
        slot, choices = "portal", _plain(error.known)
        text = _text("portal", routed, said=routed.slots.get("portal")) + _or_its_address(routed)
    elif isinstance(error, InvalidFieldError) and isinstance(error.__cause__, UnfitNameError | WhenError):
        cause = error.__cause__
        slot = next((name for name in error.field.split("/") if name in routed.slots), error.field.partition("/")[0])
        text = f"{_text(slot, routed)} ({cause.said.en if routed.locale == 'en' else cause.said.de})"
        choices = _instead_of(cause, routed.slots.get(slot, ""))
    else:
        return None
    question = Question(
        key=f"{_SLOT}{slot}",
        about="slot",
        text=text,
        locale=routed.locale,
        slot=slot,
        intent=routed.name,
        choices=tuple(choices),
        open=not isinstance(error, UnknownSiteError) or takes_address(routed),
    )
    return AskBackError([question], intent=routed.name, slots=routed.slots, field=error.field)


def takes_address(routed: RoutedIntent) -> bool:
    """Whether a web address will do where the intent wants a portal."""
    return any({"url", "portal"}.issubset(names.split("/")) for names in routed.required)


def _or_its_address(routed: RoutedIntent) -> str:
    if not takes_address(routed):
        return ""
    return " Its web address will do as well." if routed.locale == "en" else " Auch seine Webadresse genügt."


def _text(slot: str, routed: RoutedIntent, said: str | None = None) -> str:
    text = _own_question(slot, routed)
    if not text:
        known = _WHICH.get(slot) or Sentence(f"Was gilt für „{_plainly(slot)}“?", f"What is the {_plainly(slot)}?")
        text = known.en if routed.locale == "en" else known.de
    if not said:
        return text
    return f"{text} (“{said}” is not known)" if routed.locale == "en" else f"{text} („{said}“ ist nicht bekannt)"


def _own_question(slot: str, routed: RoutedIntent) -> str:
    """Return how the intent asks for a slot, else for its own slots the sentence it is missing in; empty: neither."""
    asked = routed.questions.get(slot, {})
    if asked:
        return asked.get(routed.locale) or next(iter(asked.values()))
    if slot not in routed.own_slots:
        return ""
    own = routed.examples.get(routed.locale, [])
    others = [text for texts in routed.examples.values() for text in texts]
    found = next((gap for text in (*own, *others) if (gap := without_slot(text, slot)) is not None), None)
    if found is None:
        return ""
    said = Sentence(
        "Was gehört in „{gap}“ an die Stelle von „…“ (etwa „{words}“)?",
        "What goes in the place of “…” in “{gap}” (such as “{words}”)?",
    )
    return (said.en if routed.locale == "en" else said.de).format(gap=found[0], words=found[1])


def _plainly(slot: str) -> str:
    return slot.replace("_", " ")


def _plain(values: tuple[str, ...]) -> list[Choice]:
    return [Choice(value=value, label=value) for value in values]


def _instead_of(cause: UnfitNameError | WhenError, words: str) -> list[Choice]:
    """Return the choices as whole values of the slot: of several names only the one that is not clear changes."""
    name = cause.name if isinstance(cause, UnfitNameError) else words
    return [
        Choice(value=words.replace(name, one) if name in words else one, label=label)
        for one, label in zip(cause.candidates, cause.labels, strict=True)
    ]
