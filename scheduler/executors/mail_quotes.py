"""Says above an answer or a forwarded mail what it is about, as mail programs do in German and English."""

import re

from scheduler.core.job import Locale
from scheduler.executors.mail_transport import ReceivedMail

_ANSWER = re.compile(r"^(?:re|aw|antw)(?:\[\d+\])?:", re.IGNORECASE)
_FORWARD = re.compile(r"^(?:fwd?|wg|wtr):", re.IGNORECASE)


def answer_subject(subject: str, locale: Locale) -> str:
    """Return the subject of an answer."""
    if _ANSWER.match(subject):
        return subject
    return f"{'AW' if locale == 'de' else 'Re'}: {subject}"


def forward_subject(subject: str, locale: Locale) -> str:
    """Return the subject of a forwarded mail."""
    if _FORWARD.match(subject):
        return subject
    return f"{'WG' if locale == 'de' else 'Fwd'}: {subject}"


def heading(mail: ReceivedMail, locale: Locale, *, forwarded: bool) -> str:
    """Return the lines that say whose words follow."""
    who = f"{mail.sender_name} <{mail.sender}>" if mail.sender_name else mail.sender
    german = locale == "de"
    when = mail.date.strftime("%d.%m.%Y %H:%M" if german else "%Y-%m-%d %H:%M") if mail.date else "–"
    if not forwarded:
        return f"Am {when} schrieb {who}:" if german else f"On {when}, {who} wrote:"
    names = ("Von", "Gesendet", "An", "Betreff") if german else ("From", "Sent", "To", "Subject")
    title = "Weitergeleitete Nachricht" if german else "Forwarded message"
    values = (who, when, ", ".join(mail.to), mail.subject)
    return "\n".join([f"---------- {title} ----------", *map(": ".join, zip(names, values, strict=True))])


def quoted(mail: ReceivedMail, locale: Locale, *, forwarded: bool) -> str:
    """Return what the mail said, with its heading; an answer marks each line."""
    top = heading(mail, locale, forwarded=forwarded)
    if forwarded:
        return f"{top}\n\n{mail.text}"
    return "\n".join([top, *(f"> {line}" if line else ">" for line in mail.text.split("\n"))])
