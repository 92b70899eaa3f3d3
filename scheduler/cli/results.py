"""What the steps of a job gave, as lines that people read: mails, files, texts, and the rest by name."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from scheduler.cli.words import say

_FOR_MACHINES = frozenset({"fitted", "target", "sha256", "media_type", "message_id"})
_LONGEST = 2_000  # letters of one value
_MOST = 100  # entries of one step
_BEGINNING = 160  # letters of a mail that is one of several


def evidence_kind(path: str) -> str:
    """Return what a file is that was kept to show how a step went."""
    if path.endswith(".page.txt"):
        return say("Seite", "page")
    if path.endswith(".trace.zip"):
        return say("Aufzeichnung", "trace")
    return say("Bild davor", "picture before") if path.endswith("before.png") else say("Bild", "picture")


def latest_evidence(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the last file of each kind with what it is."""
    yield from {evidence_kind(path): path for path in paths}.items()


def lines_of(task: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a step that is done gave; nothing when there is nothing to read."""
    if task["status"] != "done" or not task["result"]:
        return
    result = {name: value for name, value in task["result"].items() if name not in _FOR_MACHINES}
    many = next(
        (name for name in ("messages", "paths", "texts", "values", "rows") if isinstance(result.get(name), list)), None
    )
    if many is None:
        words = ", ".join(f"{name} = {_text(value)}" for name, value in result.items())
        if words:
            yield f"{task['task_id']}: {words}"
        return
    listed = result[many]
    more = say(" (es gibt noch mehr)", " (there are more)") if result.get("more") is True else ""
    yield f"{task['task_id']}: {_counted(many, len(listed))}{more}"
    for one in listed[:_MOST]:
        yield f"  {_mail(one) if many == 'messages' else _text(one)}"
        if many == "messages":
            yield from _beginning(one, whole=len(listed) == 1)
    if len(listed) > _MOST:
        yield "  …"


def _counted(what: str, number: int) -> str:
    if what == "messages" and number == 0:
        return say("keine Mail gefunden", "no mail found")
    if what == "messages":
        return say(f"{number} Mails" if number != 1 else "1 Mail", f"{number} mails" if number != 1 else "1 mail")
    if what == "paths":
        return say(f"{number} Dateien" if number != 1 else "1 Datei", f"{number} files" if number != 1 else "1 file")
    if what == "rows":
        return say(f"{number} Zeilen" if number != 1 else "1 Zeile", f"{number} rows" if number != 1 else "1 row")
    return say(f"{number} Texte" if number != 1 else "1 Text", f"{number} texts" if number != 1 else "1 text")


def _mail(mail: Mapping[str, Any]) -> str:
    date = mail.get("date")
    when = datetime.fromisoformat(date).astimezone().strftime("%Y-%m-%d %H:%M") if date else "–"
    return "  ".join(
        (when, str(mail.get("sender", "–")), str(mail.get("subject") or say("(ohne Betreff)", "(no subject)")))
    )


def _beginning(mail: Mapping[str, Any], *, whole: bool) -> Iterator[str]:
    """Yield what the mail says; of one among several how it begins."""
    text = str(mail.get("text") or "").strip()
    if not whole:
        line = " ".join(text.split())
        text = line if len(line) <= _BEGINNING else f"{line[:_BEGINNING].rstrip()}…"
    for line in _text(text).splitlines():
        yield f"    {line}".rstrip()
    if mail.get("attachments"):
        yield f"    {say('Anhang', 'attached')}: {', '.join(map(str, mail['attachments']))}"


def _text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
