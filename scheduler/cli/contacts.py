"""The commands of `cpa contacts`: the address book that turns names into mail addresses."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from scheduler.cli import views
from scheduler.cli.session import FAILED, JSON, USAGE, given_settings, leave, out, print_json
from scheduler.cli.words import say
from scheduler.core.problems import first_flaw
from scheduler.core.sentences import Sentence
from scheduler.executors.contact_file import ContactFile, ContactFileError, read_vcards
from scheduler.executors.contacts import Contact, Contacts
from scheduler.settings import SettingError

app = typer.Typer(
    no_args_is_help=True,
    help=say(
        "Adressbuch: wer mit einem Namen gemeint ist.",
        "The address book: who is meant by a name.",
    ),
)


@app.command("list", help=say("Alle zeigen, oder wer mit einem Namen gemeint sein kann.", "List all, or who fits."))
def list_contacts(
    name: Annotated[str | None, typer.Argument(help=say("Wer gemeint ist.", "Who is meant."))] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    book = _read(_file())
    people = book.contacts if name is None else book.fitting(name)
    if as_json:
        groups = {} if name else {group: list(members) for group, members in book.groups.items()}
        print_json({"contacts": [person.model_dump(mode="json") for person in people], "groups": groups})
        return
    for person in sorted(people, key=lambda person: person.name.casefold()):
        aliases = f" ({', '.join(person.aliases)})" if person.aliases else ""
        out.print(views.escape(f"{person.name}{aliases}  {', '.join(person.email)}"), highlight=False, soft_wrap=True)
    if name is None:
        for group, members in book.groups.items():
            out.print(views.escape(f"{group}: {', '.join(members)}"), highlight=False, soft_wrap=True)
    if not people:
        out.print(say("Niemand.", "Nobody."))


@app.command(help=say("Jemanden eintragen.", "Add somebody."))
def add(
    name: Annotated[str, typer.Argument(help=say("Der Name.", "The name."), show_default=False)],
    email: Annotated[str, typer.Argument(help=say("Die Mailadresse.", "The mail address."), show_default=False)],
    alias: Annotated[
        list[str] | None,
        typer.Option(help=say("So heißt nur dieser; mehrfach möglich.", "Means only this one; repeatable.")),
    ] = None,
) -> None:
    file = _file()
    book = _read(file)
    try:
        contact = Contact(name=name, email=(email,), aliases=tuple(alias or ()))
    except ValidationError as error:
        path, problem = first_flaw(error)
        raise _refused(Sentence(f"{path}: {problem.de}", f"{path}: {problem.en}")) from error
    if any(known.name.casefold() == contact.name.casefold() for known in book.contacts):
        raise _refused(
            Sentence(
                f"„{name}“ steht schon im Adressbuch; mit „cpa contacts rm“ austragen",
                f"“{name}” is in the address book already; “cpa contacts rm” takes it out",
            )
        )
    file.write(book.model_copy(update={"contacts": (*book.contacts, contact)}))
    out.print(views.escape(f"{contact.name}  {contact.email[0]}"), highlight=False)


@app.command(
    help=say("Jemanden austragen, nach ganzem Namen oder Adresse.", "Take somebody out, by whole name or address.")
)
def rm(name: Annotated[str, typer.Argument(help=say("Wer.", "Who."), show_default=False)]) -> None:
    file = _file()
    book = _read(file)
    wanted = name.strip().casefold()
    gone = [
        known for known in book.contacts if wanted in {known.name.casefold(), *(one.casefold() for one in known.email)}
    ]
    if len(gone) != 1:
        raise _refused(
            Sentence(
                f"„{name}“ steht so nicht im Adressbuch"
                if not gone
                else f"„{name}“ gibt es mehrfach; bitte die Adresse",
                f"“{name}” is not in the address book"
                if not gone
                else f"“{name}” is there twice; please say the address",
            ),
            FAILED,
        )
    rest = tuple(known for known in book.contacts if known is not gone[0])
    try:
        changed = Contacts(contacts=rest, groups=book.groups)
    except ValidationError as error:
        problem = first_flaw(error)[1]
        raise _refused(
            Sentence(f"eine Gruppe braucht ihn noch: {problem.de}", f"a group needs it: {problem.en}")
        ) from error
    file.write(changed)
    out.print(views.escape(f"{gone[0].name}  {gone[0].email[0]}"), highlight=False)


@app.command("import", help=say("vCards einlesen (.vcf); Bekannte bleiben.", "Read vCards (.vcf); those known stay."))
def import_vcards(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=say("Die Datei.", "The file."))],
) -> None:
    file = _file()
    book = _read(file)
    try:
        found, without = read_vcards(path.read_text("utf-8-sig"))
    except ContactFileError as error:
        raise _refused(error.said) from error
    except UnicodeDecodeError as error:
        raise _refused(Sentence(f"{path} ist kein UTF-8", f"{path} is not UTF-8")) from error
    known = {(person.name.casefold(), person.email[0].casefold()) for person in book.contacts}
    new = {(person.name.casefold(), person.email[0].casefold()): person for person in found}
    added = [person for key, person in new.items() if key not in known]
    if added:
        file.write(book.model_copy(update={"contacts": (*book.contacts, *added)}))
    out.print(
        say(
            f"{len(added)} eingetragen, {len(found) - len(added)} schon bekannt, {len(without)} ohne Mailadresse.",
            f"{len(added)} added, {len(found) - len(added)} known already, {len(without)} without a mail address.",
        )
    )


def _file() -> ContactFile:
    return ContactFile(given_settings().store.contacts_file)


def _read(file: ContactFile) -> Contacts:
    try:
        return file.read()
    except ContactFileError as error:
        raise _refused(error.said) from error


def _refused(said: Sentence, code: int = USAGE) -> typer.Exit:
    return leave(code, SettingError(said))
