"""The part of `$filter` and `$search` that Exchange Online understands, as predicates over mails."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from tests.support.graph.answers import bad_request
from tests.support.graph.mailbox import Mail

Predicate = Callable[[Mail], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<any>singleValueExtendedProperties/[Aa]ny\(\s*ep:\s*ep/id\s+eq\s+'(?P<name>(?:[^']|'')*)'\s+and\s+"
    r"ep/value\s+eq\s+'(?P<value>(?:[^']|'')*)'\s*\))|(?P<text>'(?:[^']|'')*')|"
    r"(?P<date>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)|"
    r"(?P<word>[A-Za-z][A-Za-z/]*)|(?P<mark>[(),]))"
)
_FIELDS: dict[str, Callable[[Mail], Any]] = {
    "subject": lambda mail: mail.subject.casefold(),
    "isRead": lambda mail: mail.read,
    "isDraft": lambda mail: mail.draft,
    "hasAttachments": lambda mail: any(not file.inline for file in mail.files),
    "receivedDateTime": lambda mail: mail.received,
    "sentDateTime": lambda mail: mail.sent or mail.created,
    "internetMessageId": lambda mail: mail.internet_id.casefold(),
    "conversationId": lambda mail: mail.conversation.casefold(),
    "importance": lambda mail: mail.importance,
    "flag/flagStatus": lambda mail: mail.flag.casefold(),
    "from/emailAddress/address": lambda mail: mail.sender[1].casefold(),
    "from/emailAddress/name": lambda mail: mail.sender[0].casefold(),
}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "ge": lambda left, right: left >= right,
    "gt": lambda left, right: left > right,
    "le": lambda left, right: left <= right,
    "lt": lambda left, right: left < right,
}
_CONTAINS = {"subject", "from/emailAddress/name"}


class Filter:
    """A `$filter`. `fields` are those it names, in order."""

    def __init__(self, source: str) -> None:
        self.fields: list[str] = []
        self._source = source
        self._tokens = list(self._split(source))
        self.fits = self._either()
        if self._tokens:
            raise self._invalid()

    def _split(self, source: str) -> Iterator[re.Match[str]]:
        at = 0
        while source[at:].strip():
            token = _TOKEN.match(source, at)
            if token is None:
                raise self._invalid()
            yield token
            at = token.end()

    def _either(self) -> Predicate:
        left = self._both()
        while self._take("word", "or"):
            left = _or(left, self._both())
        return left

    def _both(self) -> Predicate:
        left = self._one()
        while self._take("word", "and"):
            left = _and(left, self._one())
        return left

    def _one(self) -> Predicate:
        if self._take("word", "not"):
            inner = self._one()
            return lambda mail: not inner(mail)
        if self._take("mark", "("):
            grouped = self._either()
            self._need("mark", ")")
            return grouped
        if found := self._take("any"):
            name, value = _unquoted(f"'{found['name']}'"), _unquoted(f"'{found['value']}'")
            return lambda mail: mail.properties.get(name) == value
        word = self._need("word")["word"]
        return self._function(word) if word in {"contains", "startswith"} else self._comparison(word)

    def _function(self, name: str) -> Predicate:
        self._need("mark", "(")
        path = self._field(self._need("word")["word"])
        self._need("mark", ",")
        wanted = _unquoted(self._need("text")["text"]).casefold()
        self._need("mark", ")")
        if name == "contains" and path not in _CONTAINS:
            raise bad_request(f"contains-function isn't supported for {path!r}.", "ErrorInvalidUrlQueryFilter")
        read = _FIELDS[path]
        return (
            (lambda mail: wanted in read(mail)) if name == "contains" else (lambda mail: read(mail).startswith(wanted))
        )

    def _comparison(self, path: str) -> Predicate:
        read = _FIELDS[self._field(path)]
        compare = _COMPARE.get(self._need("word")["word"])
        if compare is None:
            raise self._invalid()
        wanted = self._literal()
        return lambda mail: compare(read(mail), wanted)

    def _literal(self) -> object:
        if date := self._take("date"):
            found = datetime.fromisoformat(date["date"])
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        if text := self._take("text"):
            return _unquoted(text["text"]).casefold()
        return {"true": True, "false": False}.get(word := self._need("word")["word"], word)

    def _field(self, path: str) -> str:
        if path not in _FIELDS:
            raise bad_request(f"Could not find a property named '{path}' on type 'Microsoft.OutlookServices.Message'.")
        self.fields.append(path)
        return path

    def _take(self, kind: str, value: str | None = None) -> re.Match[str] | None:
        if self._tokens and self._tokens[0][kind] is not None and value in {None, self._tokens[0][kind]}:
            return self._tokens.pop(0)
        return None

    def _need(self, kind: str, value: str | None = None) -> re.Match[str]:
        if token := self._take(kind, value):
            return token
        raise self._invalid()

    def _invalid(self) -> Exception:
        return bad_request(f"Invalid filter clause: {self._source}", "ErrorInvalidUrlQueryFilter")


def search(source: str) -> Predicate:
    """Read `$search`: words and `property:word`, joined by AND, in one pair of quotes. Words fit from their start."""
    if len(source) < 2 or source[0] != '"' or source[-1] != '"':
        raise bad_request(f"Syntax error: character '{source[:1]}' is not valid at position 0 in '{source}'.")
    inner = source[1:-1].replace('\\"', '"')
    terms = re.findall(r'(?:(\w+)(:|>=|<=|>|<|=))?(?:"([^"]*)"|(\S+))', inner)
    wanted = [_term(name, sign, phrase or word) for name, sign, phrase, word in terms if word not in {"AND", "and"}]
    return lambda mail: all(fits(mail) for fits in wanted)


def _term(name: str, sign: str, text: str) -> Predicate:
    if name == "received":
        compare = _COMPARE[{">=": "ge", "<=": "le", ">": "gt", "<": "lt"}.get(sign, "eq")]
        day = datetime.fromisoformat(text).date()
        return lambda mail: compare(mail.received.date(), day)
    if name not in {"", "subject", "from", "to", "recipients", "body", "attachment"}:
        raise bad_request(f"The property '{name}' is not searchable.")
    wanted = _words(text)
    return lambda mail: _runs_through(wanted, _words(_searched(mail, name)))


def _searched(mail: Mail, name: str) -> str:
    texts = {
        "subject": mail.subject,
        "from": " ".join(mail.sender),
        "to": " ".join(" ".join(one) for one in mail.to),
        "recipients": " ".join(" ".join(one) for one in (*mail.to, *mail.cc, *mail.bcc)),
        "body": mail.content,
        "attachment": " ".join(file.name for file in mail.files),
    }
    return texts[name] if name else " ".join(texts[key] for key in ("from", "subject", "body", "attachment"))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _runs_through(wanted: list[str], words: list[str]) -> bool:
    """Whether the words occur one after another; the last may be the beginning of a word."""
    if not wanted:
        return True
    return any(
        words[at : at + len(wanted) - 1] == wanted[:-1] and words[at + len(wanted) - 1].startswith(wanted[-1])
        for at in range(len(words) - len(wanted) + 1)
    )


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _or(left: Predicate, right: Predicate) -> Predicate:
    return lambda mail: left(mail) or right(mail)


def _and(left: Predicate, right: Predicate) -> Predicate:
    return lambda mail: left(mail) and right(mail)
