"""German or English, as the user's environment says."""

import os
from collections.abc import Mapping

from scheduler.core.job import Locale


def user_locale(environment: Mapping[str, str] = os.environ) -> Locale:
    """Return the language of `LC_ALL`, `LC_MESSAGES` or `LANG`, whichever is set first: German or else English."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(variable, "")
        if value:
            return "de" if value.lower().startswith("de") else "en"
    return "en"


def say(de: str, en: str) -> str:
    """Return the one the user reads."""
    return de if user_locale() == "de" else en
