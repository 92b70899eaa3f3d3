"""Keeps the address book in a file that people may edit too, and reads vCards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from scheduler.core.address_book import UnfitNameError
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.problems import first_flaw
from scheduler.core.sentences import Sentence
from scheduler.executors.contacts import Contact, Contacts
from scheduler.executors.files import write_durably


class ContactFileError(ValueError):
    """The file cannot be used; `said` tells a person what is wrong where."""

    def __init__(self, said: Sentence) -> None:
        super().__init__(said.en)
        self.said = said


class ContactFile:
    """The address book at `path`; a file that is not there is an empty one. Changes are seen at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[tuple[int, int], Contacts] | None = None

    def read(self) -> Contacts:
        """Return what is in the file now. Raises ContactFileError."""
        try:
            state = self._path.stat()
        except FileNotFoundError:
            return Contacts()
        stamp = (state.st_mtime_ns, state.st_size)
        if self._known is None or self._known[0] != stamp:
            self._known = (stamp, self._parse())
        return self._known[1]

    @crash_points(CrashPoint.BEFORE_CONTACTS, CrashPoint.AFTER_CONTACTS)
    def write(self, contacts: Contacts) -> None:
        """Replace the file; readable by us alone, since addresses are personal data."""
        document = contacts.model_dump(mode="json", exclude_defaults=True)
        for contact in document.get("contacts", []):
            contact["email"] = contact["email"][0] if len(contact["email"]) == 1 else contact["email"]
        text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)
        write_durably(self._path, text.encode(), mode=0o600)

    def resolve(self, name: str) -> tuple[str, ...]:
        """Return the addresses that a name stands for. Raises UnfitNameError, also when the file cannot be used."""
        try:
            return self.read().resolve(name)
        except ContactFileError as error:
            raise UnfitNameError(error.said) from error

    def _parse(self) -> Contacts:
        try:
            return Contacts.model_validate(yaml.safe_load(self._path.read_text("utf-8")) or {})
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            problem = " ".join(str(error).split())
            raise ContactFileError(_unusable(self._path, Sentence(problem, problem))) from error
        except ValidationError as error:
            place, flaw = first_flaw(error)
            said = Sentence(f"{place}: {flaw.de}", f"{place}: {flaw.en}")
            raise ContactFileError(_unusable(self._path, said)) from error


def _unusable(path: Path, problem: Sentence) -> Sentence:
    return Sentence(
        f"das Adressbuch {path} ist nicht in Ordnung: {problem.de}",
        f"the address book {path} is not valid: {problem.en}",
    )


def read_vcards(text: str) -> tuple[list[Contact], list[str]]:
    """Return the contacts of a vCard file, and the names of those without a mail address. Raises ContactFileError."""
    import vobject  # noqa: PLC0415 - few commands read cards

    contacts, without = [], []
    try:
        for card in vobject.readComponents(text):
            name = _first(card, "fn") or _first(card, "org")
            addresses = [str(part.value).strip() for part in _preferred_first(card)]
            aliases = [str(part.value).strip() for part in card.contents.get("nickname", []) if str(part.value).strip()]
            if not addresses:
                without.append(name or "?")
                continue
            known = {"name": name or addresses[0], "email": addresses, "aliases": aliases}
            contacts.append(Contact.model_validate(known))
    except (vobject.base.ParseError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())
        raise ContactFileError(Sentence(f"keine vCard: {problem}", f"not a vCard: {problem}")) from error
    except ValidationError as error:
        place, flaw = first_flaw(error)
        said = Sentence(f"„{name}“, {place}: {flaw.de}", f"“{name}”, {place}: {flaw.en}")
        raise ContactFileError(said) from error
    return contacts, without


def _first(card: Any, kind: str) -> str:  # noqa: ANN401 - vobject brings no types
    for part in card.contents.get(kind, []):
        value = " ".join(part.value) if isinstance(part.value, list) else str(part.value)
        if value.strip():
            return " ".join(value.split())
    return ""


def _preferred_first(card: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
    parts = [part for part in card.contents.get("email", []) if str(part.value).strip()]
    return iter(sorted(parts, key=lambda part: "PREF" not in {kind.upper() for kind in part.params.get("TYPE", [])}))
