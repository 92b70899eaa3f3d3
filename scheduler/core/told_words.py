"""Tells where a request holds what is only told or quoted, so that nothing in it is taken for words to us."""

import re
from typing import Final

from scheduler.core.dictation import dictation

TOLD: Final = re.compile(r"(?i)\b(?:dass|daß|ob|whether|saying)\b|[„“”\"«»]")
"""What begins a clause that only tells, and what quotes."""


def tells(text: str) -> bool:
    """Whether something in a request is told, quoted or dictated."""
    return TOLD.search(text) is not None or dictation(text)[1] is not None
