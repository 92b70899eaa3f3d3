"""Names the secrets with which CPA logs in to a portal after that portal, so that no other ever gets them."""

import re
import unicodedata
from typing import Final

RESERVED: Final = frozenset({"mail", "calendar", "graph"})
"""Names whose secrets belong to something else than a portal."""

_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def login_name(portal: str) -> str:
    """Return what the names of its secrets begin with: `Müller Portal` logs in with `mueller-portal.password`.

    Nothing when the name has neither a letter nor a digit.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", portal).casefold().translate(_LETTERS))
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "-", bare).strip("-")
