"""What days of the week and months are called, German and English: the numbers of the names, and patterns of them."""

from collections.abc import Mapping, Sequence
from typing import Final

_WEEKDAYS: Final = (
    "montag monday",
    "dienstag tuesday",
    "mittwoch wednesday",
    "donnerstag thursday",
    "freitag friday",
    "samstag sonnabend saturday",
    "sonntag sunday",
)
_SHORT_WEEKDAYS: Final = ("mo mon", "di tue tues", "mi wed weds", "do thu thur thurs", "fr fri", "sa sat", "so sun")
_MONTHS: Final = (
    "januar jänner jaenner january",
    "februar feber february",
    "märz märtz maerz march",
    "april",
    "mai may",
    "juni june",
    "juli july",
    "august",
    "september",
    "oktober october",
    "november",
    "dezember december",
)
_SHORT_MONTHS: Final = (
    "jan",
    "feb",
    "mär mrz mar",
    "apr",
    "",
    "jun",
    "jul",
    "aug",
    "sep sept",
    "okt oct",
    "nov",
    "dez dec",
)


def _numbers(*tables: Sequence[str], first: int) -> Mapping[str, int]:
    return {name: number for table in tables for number, names in enumerate(table, first) for name in names.split()}


def _names(table: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in table for name in names.split()))


def usual_weekday(number: int) -> tuple[str, str]:
    """Return the usual German and English name of a day of the week; Monday is 0."""
    german, *_, english = _WEEKDAYS[number].split()
    return german, english


def any_of(names: Sequence[str]) -> str:
    """Return a pattern of one of these names, the longest first."""
    return f"(?:{'|'.join(sorted(names, key=len, reverse=True))})"


WEEKDAY_NUMBERS: Final = _numbers(_WEEKDAYS, _SHORT_WEEKDAYS, first=0)
"""Monday is 0."""
MONTH_NUMBERS: Final = _numbers(_MONTHS, _SHORT_MONTHS, first=1)
"""January is 1."""
WEEKDAY_NAMES: Final = _names(_WEEKDAYS)
MONTH_NAMES: Final = _names(_MONTHS)
SHORT_MONTH_NAMES: Final = _names(_SHORT_MONTHS)
WEEKDAY: Final = any_of(WEEKDAY_NAMES)
MONTH: Final = any_of(MONTH_NAMES)
SHORT_MONTH: Final = rf"{any_of(SHORT_MONTH_NAMES)}\b\.?"
