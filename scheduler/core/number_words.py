"""Reads numbers that are said in words, as dictated texts have: "zweitausendvierhundert", "two hundred and six"."""

import re
from typing import Final

_UNITS: Final = (
    "ein eins eine one",
    "zwei zwo two",
    "drei three",
    "vier four",
    "fünf fuenf five",
    "sechs six",
    "sieben seven",
    "acht eight",
    "neun nine",
)
_TEENS: Final = (
    "zehn ten",
    "elf eleven",
    "zwölf zwoelf twelve",
    "dreizehn thirteen",
    "vierzehn fourteen",
    "fünfzehn fuenfzehn fifteen",
    "sechzehn sixteen",
    "siebzehn seventeen",
    "achtzehn eighteen",
    "neunzehn nineteen",
)
_TENS: Final = (
    "zwanzig twenty",
    "dreißig dreissig thirty",
    "vierzig forty",
    "fünfzig fuffzig fuenfzig fifty",
    "sechzig sixty",
    "siebzig seventy",
    "achtzig eighty",
    "neunzig ninety",
)
_FACTORS: Final = {"hundert": 100, "hundred": 100, "tausend": 1000, "thousand": 1000}
_VALUES: Final = (
    {name: number for number, names in enumerate(_UNITS, 1) for name in names.split()}
    | {name: number for number, names in enumerate(_TEENS, 10) for name in names.split()}
    | {name: number * 10 for number, names in enumerate(_TENS, 2) for name in names.split()}
)


def _any(*tables: tuple[str, ...]) -> str:
    names = [name for table in tables for names in table for name in names.split()]
    return f"(?:{'|'.join(sorted(names, key=len, reverse=True))})"


_BELOW_HUNDRED: Final = rf"(?:(?:{_any(_UNITS)}und)?{_any(_TENS)}|{_any(_TEENS)}|{_any(_UNITS)})"
_BELOW_THOUSAND: Final = (
    rf"(?:{_any(_UNITS)}?hundert(?:und)?{_BELOW_HUNDRED}?|{_any(_UNITS)}?hundert|{_BELOW_HUNDRED}|hundred)"
)
SAID_NUMBER: Final = rf"(?:{_BELOW_THOUSAND}?(?:tausend|thousand)(?:und)?{_BELOW_THOUSAND}?|{_BELOW_THOUSAND})"
"""One word of a number: German ones may be whole numbers, English ones are parts of them."""
SAID_NUMBERS: Final = rf"(?:{SAID_NUMBER}[ -](?:(?:and|und) )?){{1,7}}"
"""All words of a number, with what parts it from the next word."""
_PART: Final = re.compile(rf"{'|'.join(sorted((*_VALUES, *_FACTORS), key=len, reverse=True))}|und|and|[ -]+")


def number_said(words: str) -> int | None:
    """Return the number that is said in words; None where they are no such number, or one that counts down."""
    text, at = words.casefold().strip(), 0
    whole, hundreds, last = 0, 0, 0
    if not text:
        return None
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            return None
        at = part.end()
        factor, value = _FACTORS.get(part[0]), _VALUES.get(part[0])
        if factor == 1000:
            if whole:
                return None
            whole, hundreds, last = ((hundreds + last) or 1) * factor, 0, 0
        elif factor == 100:
            if hundreds:
                return None
            hundreds, last = (last or 1) * factor, 0
        elif value is not None:
            if last and not _joins(last, value):
                return None
            last += value
    return whole + hundreds + last or None


def _joins(before: int, value: int) -> bool:
    """Whether two parts below a hundred are one number: "fünfundzwanzig", "twenty five"."""
    tens, ones = max(before, value), min(before, value)
    return tens >= 20 and tens % 10 == 0 and ones < 10
