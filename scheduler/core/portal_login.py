"""Names the secrets with which CPA logs in to a portal after that portal, so that no other ever gets them."""

import re
from typing import Final

from scheduler.core.spelling import bare, folded

RESERVED: Final = frozenset({"mail", "calendar", "graph"})
"""Names whose secrets belong to something else than a portal."""


def login_name(portal: str) -> str:
    """Return what the names of its secrets begin with: `Müller Portal` logs in with `mueller-portal.password`.

    Nothing when the name has neither a letter nor a digit.
    """
    return re.sub(r"[\W_]+", "-", bare(folded(portal))).strip("-")
