"""What is wrong with a document is said with its place, in German without English words in it."""

import re
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from scheduler.core.errors import InvalidFieldError
from scheduler.core.problems import GERMAN, dotted, first_flaw, first_problem, unfit
from scheduler.core.sentences import Sentence, sentence


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(default="x", min_length=1, max_length=3, pattern="^[a-z]+$")
    whole: int = Field(default=1, gt=0, le=10)
    number: float = Field(default=1.0, ge=0, lt=5, allow_inf_nan=False)
    flag: bool = False
    many: list[int] = Field(default_factory=list, max_length=2)
    few: tuple[int, ...] = Field(default=(1,), min_length=1)
    some: frozenset[int] = frozenset()
    names: dict[str, int] = {}
    choice: Literal["de", "en"] = "de"
    colour: Colour = Colour.RED
    at: datetime | None = None
    day: date | None = None
    wait: timedelta | None = None
    part: "Form | None" = None


@pytest.mark.parametrize(
    ("document", "path", "german"),
    [
        ({"text": 1}, "text", "ein Text wird erwartet"),
        ({"text": ""}, "text", "der Text muss mindestens 1 Zeichen haben"),
        ({"text": "abcd"}, "text", "der Text darf höchstens 3 Zeichen haben"),
        ({"text": "A"}, "text", "der Text muss dem Muster ^[a-z]+$ entsprechen"),
        ({"whole": "x"}, "whole", "eine ganze Zahl wird erwartet"),
        ({"whole": 1.5}, "whole", "eine ganze Zahl wird erwartet"),
        ({"whole": []}, "whole", "eine ganze Zahl wird erwartet"),
        ({"whole": 0}, "whole", "der Wert muss größer als 0 sein"),
        ({"whole": 11}, "whole", "der Wert darf höchstens 10 sein"),
        ({"number": "x"}, "number", "eine Zahl wird erwartet"),
        ({"number": -1}, "number", "der Wert muss mindestens 0.0 sein"),
        ({"number": 5}, "number", "der Wert muss kleiner als 5.0 sein"),
        ({"number": float("nan")}, "number", "eine endliche Zahl wird erwartet"),
        ({"flag": "maybe"}, "flag", "true oder false wird erwartet"),
        ({"many": 1}, "many", "eine Liste wird erwartet"),
        ({"many": [1, "x"]}, "many[1]", "eine ganze Zahl wird erwartet"),
        ({"many": [1, 2, 3]}, "many", "höchstens 2 Einträge sind erlaubt"),
        ({"few": []}, "few", "mindestens 1 Einträge werden erwartet"),
        ({"names": []}, "names", "ein Objekt mit benannten Feldern wird erwartet"),
        ({"choice": "fr"}, "choice", "erlaubt ist nur 'de' oder 'en'"),
        ({"colour": "green"}, "colour", "erlaubt ist nur 'red' oder 'blue'"),
        ({"at": "soon"}, "at", "ein Zeitpunkt wird erwartet, zum Beispiel 2026-03-02T14:30:00Z"),
        ({"day": "soon"}, "day", "ein Datum wird erwartet, zum Beispiel 2026-03-02"),
        ({"wait": "long"}, "wait", "eine Dauer wird erwartet, zum Beispiel PT2S"),
        ({"part": {"part": {"x": 1}}}, "part.part.x", "dieses Feld ist hier nicht bekannt"),
        ("x", "", "ein Objekt mit benannten Feldern wird erwartet"),
    ],
)
def test_the_first_flaw_is_said_in_german_with_its_path(document: Any, path: str, german: str) -> None:  # noqa: ANN401
    with pytest.raises(ValidationError) as caught:
        Form.model_validate(document)

    found, words = first_flaw(caught.value)

    assert (found, words.de) == (path, german)
    assert first_problem(caught.value) == (path, words.en)


def test_every_german_needs_only_what_pydantic_tells() -> None:
    names = {name for text in GERMAN.values() for name in re.findall(r"\{(\w+)\}", text)}

    assert names <= {"expected", "pattern", "min_length", "max_length", "gt", "ge", "lt", "le"}


def test_our_own_validators_speak_both_languages() -> None:
    said = Sentence("zu kurz", "too short")

    def refuse(_value: object) -> None:
        raise unfit(said)

    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Annotated[int, AfterValidator(refuse)]).validate_python(1)

    assert first_flaw(caught.value) == ("", said)


def test_a_sentence_takes_the_words_of_its_language() -> None:
    error = InvalidFieldError("to", Sentence("die Angabe fehlt", "is missing"))

    assert sentence(error.code, "de", error.facts).startswith("Das Feld to ist nicht in Ordnung: die Angabe fehlt.")
    assert sentence(error.code, "en", error.facts).startswith("Field to is not valid: is missing.")
    assert str(error) == "Field 'to': is missing"


def test_a_path_is_written_as_people_do() -> None:
    assert dotted(("params", "to", 0, "name")) == "params.to[0].name"
