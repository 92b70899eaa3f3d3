"""Whether what a plan aims at was said by somebody: a model may not make up whom to write to or where to go."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from scheduler.core.references import SECRET_SCHEME
from scheduler.core.todo import ToDo

AIMS: Final = frozenset(
    {
        "to", "cc", "bcc", "recipient", "recipients", "participants", "attendees", "reply_to", "url", "path", "source",
        "sources", "destination", "folder", "file", "files", "attachments", "inline_images", "application", "app",
        "host", "mailbox", "sender", "mail", "id", "answers", "forwards", "site", "credential", "basic_auth",
    }
)  # fmt: skip
"""Names of parameters that say whom or what a step acts upon, or by whose right."""
_AIMS_BY_TEXT: Final = frozenset({"web.goto", "app.open", "app.close"})
"""Actions whose `text` is what they act upon."""
_ADDRESS = re.compile(
    r"(?<![^\s@,;<>\"'(){}\[\]])[^\s@,;<>\"'(){}\[\]]+@[^\s@,;<>\"'(){}\[\]]+\.[^\s@,;<>\"'(){}\[\].]+"
)
_WEB_ADDRESS = re.compile(r"https?://[^\s\"'<>{}]+", re.IGNORECASE)
_SECRET = re.compile(rf"{SECRET_SCHEME}\S*", re.IGNORECASE)
_REFERENCE = re.compile(r"(?<!\$)\$\{[^}]*\}")
_SCHEME = re.compile(r"^https?://(?:www\.)?", re.IGNORECASE)


class Invented(NamedTuple):
    """A value that nobody said; `field` is the path to it within the step."""

    task: str
    field: str
    value: str

    @property
    def aims(self) -> bool:
        """Whether it is what the step acts upon, not only an address within a text."""
        return self.field == "text" or _name_of(self.field) in AIMS

    def __str__(self) -> str:
        return (
            f"{self.task}.{self.field}: {self.value!r} was not said; use only what the request or what is known holds"
        )


def invented(steps: Iterable[ToDo], sources: Iterable[str], secrets: Iterable[str] = ()) -> list[Invented]:
    """Return what steps aim at that occurs in none of the sources, word for word but for case, spaces and https://.

    Addresses of mail and web count wherever they stand. A reference to a result is no literal, so it passes.
    """
    texts = list(sources)
    known = {f"{SECRET_SCHEME}{name}" for name in secrets}
    return [
        Invented(str(step.id), field, value)
        for step in steps
        for field, value in _aims(step)
        if not (value in known if SECRET_SCHEME in value.lower() else was_said(value, texts))
    ]


def was_said(value: str, texts: Iterable[str]) -> bool:
    """Whether a value stands in one of the texts as a whole: "na@example.com" is not said by "anna@example.com"."""
    words = _plain(value)
    whole = re.compile(rf"(?<![\w@.+-]){re.escape(words)}(?![\w@-]|\.\w)")
    found = any(whole.search(_plain(text)) for text in texts) if words else False
    if found and value.strip().lower().startswith("http://"):  # whoever said https meant it
        return not any(f"https://{words}" in text.lower().replace("://www.", "://") for text in texts)
    return found


def literals(step: ToDo) -> Iterator[str]:
    """Yield every text that a step brings along."""
    yield from (value for _, value in _strings(step.params, "params"))
    if step.text:
        yield step.text


def _aims(step: ToDo) -> Iterator[tuple[str, str]]:
    for field, value in _strings(step.params, "params"):
        yield from _literals(field, value, whole=_name_of(field) in AIMS)
    if step.text:
        yield from _literals("text", step.text, whole=step.action in _AIMS_BY_TEXT)


def _name_of(field: str) -> str:
    """Return the name of a parameter from its path: "to" of "params.to.0"."""
    return next((part for part in reversed(field.split(".")) if not part.isdigit()), "")


def _literals(field: str, text: str, *, whole: bool) -> Iterator[tuple[str, str]]:
    literal = _REFERENCE.sub(" ", text).replace("$${", "${")
    if whole:
        if literal.strip():
            yield field, literal.strip()
        return
    yield from ((field, secret) for secret in _SECRET.findall(literal))
    for pattern in (_ADDRESS, _WEB_ADDRESS):
        yield from ((field, found.rstrip(".,;:!?)")) for found in pattern.findall(literal))


def _strings(value: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _strings(one, f"{place}.{name}")
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from _strings(one, f"{place}.{number}")


def _plain(text: str) -> str:
    """Return what is compared. Letters keep what they are but for their case: "ß" and "ss" are two domains."""
    return " ".join(_SCHEME.sub("", text.strip()).lower().rstrip("/").split())
