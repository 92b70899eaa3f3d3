"""Takes the courtesies around an order away, and knows what is no part of a name."""

from typing import Final

from scheduler.core.intents import Frame, IntentFileError
from scheduler.core.patterns import Pattern, PatternError, any_of

_MOST_COURTESIES: Final = 16
_TEXT_FOLLOWS = ": "  # what stands after it is dictated; its "thanks" is not meant for us
_NEVER: Final = r"[^\x00-\x{10FFFF}]"


class RequestFrame:
    """The patterns of a frame, each kind asked at once."""

    def __init__(self, frame: Frame, source: str) -> None:
        """Raises IntentFileError for a pattern that cannot be used."""
        self._before, self._after, self._harmless, self._not_a_name = (
            one_pattern(patterns, f"{source}: frame.{name}") for name, patterns in frame
        )

    def unwrap(self, text: str) -> str:
        """Return the text without the courtesies around it."""
        dictated = _TEXT_FOLLOWS in text
        for _ in range(_MOST_COURTESIES):
            shorter = self._before.remove(text)
            if not dictated:
                shorter = self._after.remove(shorter)
            if shorter == text or not shorter.strip():
                break
            text = shorter
        return text.strip()

    def without_harmless(self, text: str) -> str:
        """Return the text without the negations that negate no order ("die nicht bezahlten Rechnungen")."""
        return self._harmless.remove(text, " ")

    def no_name(self, words: str) -> bool:
        """Whether these words hold what no name does, such as the start of another order."""
        return " " in words and self._not_a_name.fits(words)


def one_pattern(patterns: tuple[str, ...] | list[str], place: str) -> Pattern:
    """Return a pattern that fits where any of these does. Raises IntentFileError that names the first bad one."""
    whole = Pattern(any_of(patterns) if patterns else _NEVER)
    try:
        whole.check()
    except PatternError as error:
        for pattern in patterns:
            check_pattern(pattern, place)
        raise IntentFileError(f"{place}: {error}") from error
    return whole


def check_pattern(pattern: str, place: str) -> None:
    """Raises IntentFileError that names pattern and place where RE2 cannot read it."""
    try:
        Pattern(pattern).check()
    except PatternError as error:
        raise IntentFileError(f"{place}, pattern {pattern!r}: {error}") from error
