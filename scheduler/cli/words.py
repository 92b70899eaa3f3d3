"""German or English, as the user's environment says."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from scheduler.core.error_kinds import CPAError
from scheduler.core.sentences import Sentence, sentence

if TYPE_CHECKING:
    from scheduler.core.job import Locale


def user_locale(environment: Mapping[str, str] = os.environ) -> "Locale":
    """Return the language of `LC_ALL`, `LC_MESSAGES` or `LANG`, whichever is set first: German or else English."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(variable, "")
        if value:
            return "de" if value.lower().startswith("de") else "en"
    return "en"


def read_out(error: Exception) -> str:
    """Return what an error says to the user: in the user's language where it knows both."""
    if isinstance(error, CPAError):
        return sentence(error.code, user_locale(), error.facts)
    said = getattr(error, "said", None)
    return say(*said) if isinstance(said, Sentence) else str(error)


def say(de: str, en: str) -> str:
    """Return the one the user reads."""
    return de if user_locale() == "de" else en
