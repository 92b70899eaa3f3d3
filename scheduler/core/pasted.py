"""Tells the words of a person from what they pasted into their request: a mail, a page, a long quotation."""

import re
from typing import Final

from scheduler.core.quotation import CLOSING, MARKS, OPENING

_QUOTED_LINE: Final = re.compile(r"(?m)^[ \t]*(?:>|\|).*$")
_HEADING: Final = re.compile(
    r"(?mi)^[ \t]*(?:[-_=*#]{3,}.*(?:nachricht|message|mail|text|page|seite).*"
    r"|(?:von|from|absender|sender)[ \t]*:[ \t]*\S.*"
    r"|(?:am|on)\b.{4,80}\b(?:schrieb|wrote)\b.*:[ \t]*|<data\b.*|`{3}.*)$"
)
"""What stands above a mail or a page that is pasted: all below it is theirs."""
_SENTENCE: Final = re.compile(rf"[{OPENING}](?:[^\s{MARKS}]+\s+){{4,}}[^{MARKS}]*[{CLOSING}]")
"""A quotation of five words and more; a shorter one is a name."""


def own_words(request: str) -> str:
    """Return a request without what is marked as quoted or stands below the heading of a mail or page."""
    heading = _HEADING.search(request)
    own = request[: heading.start()] if heading is not None else request
    return _SENTENCE.sub(" ", _QUOTED_LINE.sub(" ", own))
