"""Puts an order to send first that is told in a clause: "once you've sent Anna the list, close Word"."""

import re
from typing import Final

_SENT: Final = {
    "geschickt": "Schick",
    "zugeschickt": "Schick",
    "gesendet": "Sende",
    "gemailt": "Maile",
    "sent": "Send",
    "emailed": "Email",
    "mailed": "Mail",
    "forwarded": "Forward",
}
_ONCE_SENT: Final = (
    r"(?:(?:wenn|sobald|nachdem) (?:du|sie) (?P<what>[^,;.!?]{3,80}) (?P<sent>(?:zu)?geschickt|gesendet|gemailt)"
    r" (?:hast|haben)|(?:once|when|as soon as|after) you(?:['’]ve| have) (?P<done>sent|emailed|mailed|forwarded)"
    r" (?P<thing>[^,;.!?]{3,80}?))"
)
_FIRST_SENT: Final = re.compile(rf"(?i){_ONCE_SENT}, (?:then |dann |please |bitte )*(?P<rest>\S.*)")
_LAST_SENT: Final = re.compile(
    rf"(?i)(?P<rest>(?!wenn|sobald|once|when|as soon)[^,.;:!?]+?),? {_ONCE_SENT}(?P<mark>[.!]*)\s*"
)


def once_sent(text: str) -> str:
    """Return "send Anna the list, then close Word" for "once you've sent Anna the list, close Word"."""
    found = _FIRST_SENT.fullmatch(text) or _LAST_SENT.fullmatch(text)
    if found is None:
        return text
    german = found["sent"] is not None
    verb = _SENT[(found["sent"] or found["done"]).casefold()]
    return f"{verb} {found['what'] or found['thing']}, {'dann' if german else 'then'} {found['rest']}"
