"""Everything that goes wrong is said to people in both languages, plainly, with what is known of it."""

import inspect
import re
import string
import typing
from collections.abc import Iterator
from typing import Any

from scheduler.core import errors
from scheduler.core.errors import CPAError, CycleError, UnknownActionError, UnknownIntentError
from scheduler.core.questions import Question
from scheduler.core.sentences import SENTENCES, Sentence, sentence
from tests.support.cases import each_of


def classes(root: type[CPAError] = CPAError) -> Iterator[type[CPAError]]:
    """Walk the tree of errors as the core defines it."""
    yield root
    for child in root.__subclasses__():
        if child.__module__.startswith("scheduler.core."):
            yield from classes(child)


TREE = sorted(set(classes()), key=lambda error: error.__name__)


EXAMPLES: dict[str, Any] = {
    "Question": [Question(key="slot.recipient", about="slot", text="An wen?")],
    "Iterable": ["eins", "zwei"],
    "Mapping": {"document": "Rechnung"},
}


def an_error(kind: type[CPAError]) -> CPAError:
    """Make one with something in every argument."""
    given: dict[str, Any] = {}
    hints = typing.get_type_hints(kind.__init__)
    for name, parameter in inspect.signature(kind).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        hint = hints.get(name)
        made = next((example for kind_of, example in EXAMPLES.items() if kind_of in str(hint)), f"<{name}>")
        given[name] = 7 if hint is int else made
    positional = [
        given.pop(name)
        for name, parameter in inspect.signature(kind).parameters.items()
        if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    return kind(*positional, **given)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@each_of(TREE)
def test_every_error_has_a_sentence_in_both_languages(kind: type[CPAError]) -> None:
    error = an_error(kind)

    assert kind.code in SENTENCES
    for locale in ("de", "en"):
        text = sentence(kind.code, locale, error.facts | {"correlation_id": "c-1"})
        assert text
        assert "–" not in text, "the error knows every fact its sentence needs"
        assert "{" not in text


@each_of(TREE)
def test_every_error_can_be_imported_from_the_tree_that_draws_it(kind: type[CPAError]) -> None:
    assert getattr(errors, kind.__name__) is kind
    assert re.search(rf"\b{kind.__name__}\b", errors.__doc__ or "")


def test_codes_name_one_error_each() -> None:
    codes = [kind.code for kind in TREE]

    assert len(codes) == len(set(codes))


@each_of(list(SENTENCES))
def test_both_languages_say_the_same_things(code: str) -> None:
    said = SENTENCES[code]

    assert places(said.de) == places(said.en)
    assert said.de != said.en


@each_of(list(SENTENCES))
def test_a_sentence_is_a_sentence_for_people(code: str) -> None:
    for text in SENTENCES[code]:
        assert text.endswith((".", "…"))
        assert not re.search(r"Error|Exception|Traceback|None\b|\bnull\b", text)
        assert "  " not in text
    assert code.isascii()


@each_of(list(SENTENCES))
def test_what_is_not_known_is_shown_as_a_dash(code: str) -> None:
    text = sentence(code, "de", {})

    assert text.count("–") >= len(places(SENTENCES[code].de))


def test_an_unknown_code_is_said_as_an_error_on_our_side() -> None:
    assert sentence("no_such_code", "en", {"correlation_id": "c-1"}) == sentence(
        "internal", "en", {"correlation_id": "c-1"}
    )


def test_facts_are_shown_as_they_are() -> None:
    text = sentence("file_missing", "de", {"path": "{field} Größe 📎 %s ${a.b}"})

    assert "{field} Größe 📎 %s ${a.b}" in text


def test_a_fact_in_both_languages_is_said_in_the_one_that_is_read() -> None:
    error = errors.InvalidFieldError("to", Sentence(de="ist leer", en="is empty"))

    assert "ist leer" in sentence(error.code, "de", error.facts)
    assert "is empty" in sentence(error.code, "en", error.facts)
    assert "is empty" in str(error)


def test_errors_of_endless_requests_are_short() -> None:
    long = "x" * 1_000_000

    assert len(str(UnknownIntentError(long, nearest=[]))) < 300
    assert len(str(CycleError([str(number) for number in range(100_000)]))) < 300


def test_where_nothing_is_near_nothing_is_said_to_be() -> None:
    said = [
        (
            errors.UnknownIntentError("Koch Kaffee", nearest=[]),
            "Den Auftrag „Koch Kaffee“ kenne ich nicht. Bitte anders",
        ),
        (errors.UnknownSiteError("Nord", known=[]), "Das Portal Nord ist nicht eingerichtet. Eingerichtet wird es"),
        (UnknownActionError("x", field="f", known=[]), "Die Aktion x gibt es nicht (Feld f)."),
    ]

    for error, start in said:
        assert sentence(error.code, "de", error.facts).startswith(start)
    near = errors.UnknownIntentError("Mail", nearest=["read_mail", "send_mail"])
    assert "kenne ich nicht. Am nächsten kommen: read_mail, send_mail. Bitte" in sentence(near.code, "de", near.facts)


def test_an_unknown_action_comes_with_the_nearest_ones() -> None:
    error = UnknownActionError("web.clik", field="task_graph.tasks[0].action", known=["web.click", "mail.send"])

    assert error.nearest[0] == "web.click"
    assert "web.click" in sentence(error.code, "de", error.facts)
