"""What currencies are called, and the words that make a number longer than it is written."""

from typing import Final

_SIGNS: Final = {"€": "EUR", "$": "USD", "£": "GBP"}
_NAMES: Final = {"euro": "EUR", "dollar": "USD", "pound": "GBP", "quid": "GBP", "franken": "CHF"}
_WEIGHTS: Final = {"pfund": "GBP"}
"""Names that tell of money only where it is known to be spoken of."""
_CODES: Final = ("eur", "usd", "chf", "gbp", "inr", "jpy", "sek", "nok", "dkk", "pln", "czk")
_AMBIGUOUS_CODES: Final = ("aud", "cad")
"""Those that are other words before a number: "CAD 2024"."""
_OFTEN_SMALL: Final = 4
"""So many codes are written small, too."""
CURRENCIES: Final = _SIGNS | _NAMES | _WEIGHTS
"""The code of a sign, or of a name without the s at its end."""
LONGER: Final[dict[str, int | None]] = {
    "k": 3, "tsd": 3, "tausend": 3, "thousand": 3, "m": 6, "mio": 6, "million": 6, "millionen": 6, "bn": 9, "mrd": 9,
    "milliarde": 9, "milliarden": 9, "billion": None, "billionen": None,
}  # fmt: skip
"""By how many digits a number is longer than it is written; a billion is not of one length in both languages."""

SIGN: Final = f"[{''.join(_SIGNS)}]"
NAME: Final = rf"(?:{'|'.join(f'{name}s?' for name in _NAMES)})"
ANY_NAME: Final = rf"(?:{NAME}|{'|'.join(_WEIGHTS)})"
CODE_BEFORE: Final = f"(?:{'|'.join(_CODES)})"
_CAPITALS: Final = "|".join(code.upper() for code in (*_CODES, *_AMBIGUOUS_CODES))
UNIT: Final = rf"(?:€|(?:{NAME}|{'|'.join(_CODES[:_OFTEN_SMALL])})\b|(?-i:{_CAPITALS})\b)"
"""What stands behind a number and says that it is money."""
CODE: Final = f"(?:{_CAPITALS})"
CELL_UNIT: Final = rf"(?:{SIGN}|{CODE})"
"""What is written at either end of a number in a cell of a table."""
TIMES: Final = rf"(?: ?(?:{'|'.join(sorted(LONGER, key=len, reverse=True))})\b)"
SHORT_TIMES: Final = rf"(?:{TIMES}\.?)"
"""Any of them with the point that may end it."""
