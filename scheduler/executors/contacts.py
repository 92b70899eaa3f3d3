"""Who is meant by a name: people and groups, and the addresses they have.

Case, accents and the German spellings of umlauts make no difference (Müller, Mueller, MULLER), nor do forms of address
(Herr, Frau Dr.). Which of several is meant is never guessed.
"""

import re
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from scheduler.core.address_book import UnfitNameError, nobody_known
from scheduler.core.problems import unfit
from scheduler.core.sentences import Sentence
from scheduler.core.spelling import spellings
from scheduler.executors.mail_transport import Line, MailAddress, check_address

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_TITLES = frozenset(
    {"herr", "herrn", "herren", "frau", "fräulein", "dr", "prof", "professor", "doktor", "dipl", "ing", "mag"}
    | {"mr", "mrs", "ms", "miss", "mister", "sir", "madam"}
)
_MOST_NAMED = 5


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


Name = Annotated[Line, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class Contact(BaseModel):
    """A person or an office. Mail goes to the first address; an alias means this contact and nobody else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    email: Annotated[tuple[MailAddress, ...], BeforeValidator(_one_or_many), Field(min_length=1, max_length=20)]
    aliases: Annotated[tuple[Name, ...], BeforeValidator(_one_or_many), Field(max_length=50)] = ()


class Contacts(BaseModel):
    """An address book. Members of a group are names of contacts, or addresses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contacts: tuple[Contact, ...] = ()
    groups: dict[Name, tuple[Name, ...]] = {}

    @model_validator(mode="after")
    def _members_are_known(self) -> Self:
        for group, members in self.groups.items():
            for number, member in enumerate(members):
                try:
                    self._addresses_of(member)
                except UnfitNameError as error:
                    raise unfit(error.said, "groups", group, number) from error
        return self

    def resolve(self, name: str) -> tuple[str, ...]:
        """Return the addresses that are meant. Raises UnfitNameError."""
        groups = [members for group, members in self.groups.items() if _same(group, name)]
        if groups:
            found = [address for members in groups for member in members for address in self._addresses_of(member)]
            return tuple(dict.fromkeys(found))
        return self._addresses_of(name)

    def fitting(self, name: str) -> tuple[Contact, ...]:
        """Return every contact that may be meant."""
        aliased = [person for person in self.contacts if any(_same(alias, name) for alias in person.aliases)]
        if aliased:
            return tuple(aliased)
        wanted = _keys(name)
        called = [person for person in self.contacts if wanted and _all_in(wanted, _keys(person.name))]
        whole = [person for person in called if len(wanted) > 1 and len(_keys(person.name)) == len(wanted)]
        return tuple(whole or called)

    def _addresses_of(self, name: str) -> tuple[str, ...]:
        if "@" in name:
            return (_checked(name),)
        people = {person.email[0].casefold(): person for person in self.fitting(name)}
        if not people:
            raise UnfitNameError(self._nobody(name))
        if len(people) > 1:
            addresses = [person.email[0] for person in people.values()]
            labels = [_shown(person) for person in people.values()]
            raise UnfitNameError(_several(name, list(people.values())), name=name, candidates=addresses, labels=labels)
        return tuple(person.email[0] for person in people.values())

    def _nobody(self, name: str) -> Sentence:
        known = [known for person in self.contacts for known in (person.name, *person.aliases)]
        near = ", ".join(get_close_matches(name, known, n=3, cutoff=0.6))
        said = f"cpa contacts add {name[:100]!r} name@example.com"
        return Sentence(
            f"„{name[:100]}“ steht nicht im Adressbuch" + (f" (ähnlich: {near})" if near else "") + "; bitte die "
            f"Mailadresse angeben oder eintragen: {said}",
            f"“{name[:100]}” is not in the address book" + (f" (alike: {near})" if near else "") + "; please give the "
            f"mail address or add it: {said}",
        )


def without_titles(name: str) -> str:
    """Return the words of a name that a mail would have, too: “Herrn Dr. Müller” is “Müller”."""
    words = [word for word in name.split() if word.strip(".").casefold() not in _TITLES]
    return " ".join(words) or name


def _shown(person: Contact) -> str:
    return f"{person.name} <{person.email[0]}>"


def _several(name: str, people: Sequence[Contact]) -> Sentence:
    shown = ", ".join(map(_shown, people[:_MOST_NAMED]))
    more = " …" if len(people) > _MOST_NAMED else ""
    return Sentence(
        f"mit „{name[:100]}“ können mehrere gemeint sein: {shown}{more}; bitte den ganzen Namen oder die Adresse "
        "angeben",
        f"“{name[:100]}” may be one of several: {shown}{more}; please give the whole name or the address",
    )


def _checked(address: str) -> str:
    try:
        return check_address(address)
    except ValueError:
        nobody_known(address)
        raise


def _same(one: str, other: str) -> bool:
    ours, theirs = _keys(one), _keys(other)
    return bool(ours) and len(ours) == len(theirs) and all(a & b for a, b in zip(ours, theirs, strict=True))


def _all_in(wanted: list[frozenset[str]], words: list[frozenset[str]]) -> bool:
    return all(any(word & other for other in words) for word in wanted)


def _keys(name: str) -> list[frozenset[str]]:
    """Return for each word of a name how it may be spelt; titles are left out unless there is nothing else."""
    words = _WORD.findall(unicodedata.normalize("NFC", name).casefold())
    return [spellings(word) for word in words if word not in _TITLES] or [spellings(word) for word in words]
