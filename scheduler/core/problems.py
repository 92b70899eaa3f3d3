"""Says where a document is wrong: the first problem of a validation, as the path to the field and what is wrong there.

Pydantic speaks English. What people read comes from the table below where it has the kind of problem, so that a German
sentence has no English in it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from scheduler.core.sentences import Sentence

_OBJECT: Final = "ein Objekt mit benannten Feldern wird erwartet"
_LIST: Final = "eine Liste wird erwartet"
_TEXT: Final = "ein Text wird erwartet"
_INTEGER: Final = "eine ganze Zahl wird erwartet"
_NUMBER: Final = "eine Zahl wird erwartet"
_BOOLEAN: Final = "true oder false wird erwartet"
_MOMENT: Final = "ein Zeitpunkt wird erwartet, zum Beispiel 2026-03-02T14:30:00Z"
_DURATION: Final = "eine Dauer wird erwartet, zum Beispiel PT2S"
_CHOICE: Final = "erlaubt ist nur {expected}"

GERMAN: Final[Mapping[str, str]] = {
    "missing": "die Angabe fehlt",
    "extra_forbidden": "dieses Feld ist hier nicht bekannt",
    "string_type": _TEXT,
    "string_unicode": "der Text enthält Zeichen, die es nicht gibt",
    "string_too_short": "der Text muss mindestens {min_length} Zeichen haben",
    "string_too_long": "der Text darf höchstens {max_length} Zeichen haben",
    "string_pattern_mismatch": "der Text muss dem Muster {pattern} entsprechen",
    "int_type": _INTEGER,
    "int_parsing": _INTEGER,
    "int_parsing_size": _INTEGER,
    "int_from_float": _INTEGER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "eine endliche Zahl wird erwartet",
    "bool_type": _BOOLEAN,
    "json_invalid": "ist kein gültiges JSON",
    "bool_parsing": _BOOLEAN,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "literal_error": _CHOICE,
    "enum": _CHOICE,
    "greater_than": "der Wert muss größer als {gt} sein",
    "greater_than_equal": "der Wert muss mindestens {ge} sein",
    "less_than": "der Wert muss kleiner als {lt} sein",
    "less_than_equal": "der Wert darf höchstens {le} sein",
    "too_short": "mindestens {min_length} Einträge werden erwartet",
    "too_long": "höchstens {max_length} Einträge sind erlaubt",
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "timezone_aware": "dem Zeitpunkt fehlt der Abstand zu UTC, zum Beispiel 2026-03-02T14:30:00+01:00",
    "date_parsing": "ein Datum wird erwartet, zum Beispiel 2026-03-02",
    "date_from_datetime_parsing": "ein Datum wird erwartet, zum Beispiel 2026-03-02",
    "time_delta_type": _DURATION,
    "time_delta_parsing": _DURATION,
}
"""Kinds of pydantic, each with its German; braces are filled from what pydantic knows of the problem."""

_OURS: Final[Mapping[str, str]] = {
    "must be the id of a task, or the place of one in the list, counted from 0": "die Kennung einer Aufgabe wird "
    "erwartet, oder ihr Platz in der Liste, gezählt ab 0",
    "there is no sentence with this code": "zu diesem Code gibt es keinen Satz",
    "say at least one of url, selector, text, absent": "mindestens eines von url, selector, text, absent wird "
    "gebraucht",
    "is not a reference; write for example ${download.path}": "ist kein Verweis; richtig wäre zum Beispiel "
    "${download.path}",
    "needs params.op, for example 'click'": "braucht params.op, zum Beispiel 'click'",
    "is not a mail address, expected for example anna@example.com": "ist keine Mailadresse; erwartet wird zum Beispiel "
    "anna@example.com",
    "line breaks and control characters are not allowed": "Zeilenumbrüche und Steuerzeichen sind nicht erlaubt",
    "control characters are not allowed": "Steuerzeichen sind nicht erlaubt",
    "a locator needs a value, for example label=E-Mail": "nach dem Gleichheitszeichen fehlt ein Wert, zum Beispiel "
    "label=E-Mail",
    "only a role has a name": "nur eine Rolle hat einen Namen",
    "expected for example role=button[name=Anmelden]": "erwartet wird zum Beispiel role=button[name=Anmelden]",
    "is not a finite number": "ist keine endliche Zahl",
    "is beyond 9007199254740991, so readers would round it; send it as a text": "ist größer als 9007199254740991 und "
    "würde beim Lesen gerundet; bitte als Text senden",
    "has half of a surrogate pair, which is no letter": "enthält ein halbes Ersatzzeichenpaar, also keinen Buchstaben",
    "is nested deeper than 32 levels": "ist tiefer als 32 Ebenen verschachtelt",
    "say either value or label": "entweder value oder label wird erwartet",
}
"""How our own validators end their problem, each with its German; what stands before it is a value and stays."""


def unfit(said: Sentence, *path: str | int) -> PydanticCustomError:
    """Make the error a validator raises when it can say in both languages what is wrong.

    A validator of a whole model says with `path` which field is meant.
    """
    return PydanticCustomError("unfit", "{problem}", {"problem": said.en, "german": said.de, "path": path})


def first_problem(error: ValidationError) -> tuple[str, str]:
    """Return path (`params.to[0]`, empty for the whole document) and problem, in English."""
    path, problem = first_flaw(error)
    return path, problem.en


def first_flaw(error: ValidationError) -> tuple[str, Sentence]:
    """Return path and problem of the first flaw, in both languages."""
    return flaw(error.errors(include_url=False, include_input=False)[0])


def flaw(problem: Mapping[str, Any]) -> tuple[str, Sentence]:
    """Return path and problem, in both languages, of one entry of `ValidationError.errors()`."""
    context = problem.get("ctx", {})
    english = context.get("problem", problem["msg"].removeprefix("Value error, "))
    path = dotted((*problem["loc"], *context.get("path", ())))
    return path, Sentence(de=_german(problem["type"], english, context), en=english)


def dotted(path: Iterable[str | int]) -> str:
    """Write a path as people do: `("params", "to", 0)` is `params.to[0]`."""
    names = (f"[{part}]" if isinstance(part, int) else f".{part[:100]}" for part in path)
    return "".join(names).removeprefix(".")


def _german(kind: str, english: str, context: Mapping[str, Any]) -> str:
    if "german" in context:
        return str(context["german"])
    if kind in GERMAN:
        facts = {name: str(value).replace(" or ", " oder ") for name, value in context.items()}
        return GERMAN[kind].format_map(facts)
    ending = next((ending for ending in _OURS if english.endswith(ending)), None)
    return english if ending is None else english.removesuffix(ending) + _OURS[ending]
