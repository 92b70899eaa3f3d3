"""An answer that names one of the choices is understood however it is said; one that may mean two is not guessed."""

import pytest

from scheduler.core.errors import InvalidFieldError
from scheduler.core.questions import Choice, Question, checked_answers

BERGERS = ("Anna Berger <ab1@example.com>", "Tom Berger <tom.berger@example.com>", "Özlem Müller <oem@example.com>")
TABLES = ("Demo", "Müller Portal", "Konto 4711", "Konto 4712")


def asked(labels: tuple[str, ...], *, open_: bool) -> Question:
    choices = tuple(Choice(value=f"value {place}", label=label) for place, label in enumerate(labels, 1))
    return Question(key="k", about="slot", text="?", choices=choices, open=open_)


@pytest.mark.parametrize(
    ("labels", "words", "place"),
    [
        *((BERGERS, words, 1) for words in ("Anna", "anna", "die Anna", "Frau Anna Berger", "1", "1.", "die erste")),
        *((BERGERS, words, 1) for words in ("Nummer 1", "Berger, Anna", "Anna, bitte!", "an Anna", "ab1@example.com")),
        *((BERGERS, words, 2) for words in ("Herr Tom Berger", "TOM", "the second", "option 2", "„Tom Berger“")),
        *((BERGERS, words, 3) for words in ("Frau Dr. Mueller", "Muller", "die letzte", "Özlem", "value 3")),
        *((TABLES, words, 2) for words in ("müller", "das Müller Portal", "MUELLER-PORTAL", "das zweite")),
        *((TABLES, words, 4) for words in ("4712", "Konto 4712", "Nr. 4", "last")),
    ],
)
def test_a_choice_is_understood(labels: tuple[str, ...], words: str, place: int) -> None:
    for open_ in (True, False):
        assert checked_answers([asked(labels, open_=open_)], text=words) == {"k": f"value {place}"}


@pytest.mark.parametrize(
    "words", ["Berger", "die Berger", "Frau Berger", "example", "Konto", "Konto 47", "die", "5", "12"]
)
def test_what_may_mean_two_or_none_is_asked_again(words: str) -> None:
    for labels in (BERGERS, TABLES):
        with pytest.raises(InvalidFieldError, match=r"choices are|may be"):
            checked_answers([asked(labels, open_=False)], text=words)


def test_which_it_may_be_is_said() -> None:
    with pytest.raises(InvalidFieldError) as error:
        checked_answers([asked(BERGERS, open_=False)], text="Frau Berger")
    assert "gemeint sein kann: Anna Berger <ab1@example.com>, Tom Berger <tom" in str(error.value.facts["problem_de"])
    assert "Müller" not in str(error.value.facts["problem_de"])


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("berger@example.com", "berger@example.com"),  # part of an address is another address
        ("nicht Anna", "nicht Anna"),
        ("Eva", "Eva"),
        ("die Berger", "Berger"),  # planning asks again which one
        ("4. März", "4. März"),
    ],
)
def test_where_others_would_do_as_well_words_stay(words: str, answer: str) -> None:
    assert checked_answers([asked(BERGERS, open_=True)], text=words) == {"k": answer}


def test_a_value_comes_before_a_number() -> None:
    choices = (Choice(value="2", label="zwei Stück"), Choice(value="1", label="ein Stück"))
    assert checked_answers([Question(key="k", about="step", text="?", choices=choices)], text="1") == {"k": "1"}
