"""The commands of `cpa site`: profiles of portals, written, tried out and recorded without code."""

import asyncio
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import views
from scheduler.cli.results import evidence_kind
from scheduler.cli.session import FAILED, USAGE, err, given_settings, leave, out
from scheduler.cli.words import read_out, say
from scheduler.core.errors import CPAError, UnknownSiteError
from scheduler.core.portal_login import login_name
from scheduler.core.site_book import SiteBook, read_site, written
from scheduler.core.site_errors import SiteFileError
from scheduler.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help=say(
        "Portale: Profile auflisten, anlegen, ausprobieren, aufnehmen.", "Portals: list, add, test, record profiles."
    ),
)
_NAME = typer.Argument(help=say("Wie das Portal in Sätzen heißt.", "What sentences call the portal."))
_URL = typer.Option("--url", help=say("Adresse des Portals.", "Address of the portal."))
_ALIAS = typer.Option("--alias", help=say("Weiterer Name; mehrfach möglich.", "One more name; repeatable."))
_FORCE = typer.Option("--force", help=say("Ein vorhandenes Profil ersetzen.", "Replace a profile that is there."))
_NUMBER = typer.Option(
    "--document", help=say("Nummer eines Dokuments, das es dort gibt.", "Number of a document that is there.")
)

LOGIN, USER, PASSWORD = "/login", "label=Benutzername", "css=input[type=password]"


def book_of(settings: Settings) -> SiteBook:
    return SiteBook((settings.web.sites_dir, settings.store.data_dir / "sites"))


@app.command("list", help=say("Die Portale auflisten und die Profile prüfen.", "List the portals, check the profiles."))
def list_sites() -> None:
    book = book_of(given_settings())
    for site in book.sites.values():
        profile = site.profile
        parts = [*(["login"] if profile.login else []), *(["document"] if profile.document else [])]
        line = f"[bold]{views.escape(', '.join(profile.names))}[/]  {views.escape(profile.url)}  {', '.join(parts)}"
        out.print(f"{line}  [dim]{views.escape(str(site.file))}[/]", highlight=False, soft_wrap=True)
    for flaw in book.flaws.values():
        err.print(f"[red]{views.escape(read_out(flaw))}[/]", highlight=False, soft_wrap=True)
    if book.flaws:
        raise typer.Exit(FAILED)


@app.command(
    help=say(
        "Ein Profil anlegen; was nicht angegeben ist, wird gefragt. „--from DATEI“ nimmt eine fertige Datei.",
        "Add a profile; what is not given is asked for. “--from FILE” takes a ready file.",
    )
)
def add(
    name: Annotated[str, _NAME],
    url: Annotated[str | None, _URL] = None,
    alias: Annotated[list[str] | None, _ALIAS] = None,
    login: Annotated[str | None, typer.Option(help=say("Pfad der Anmeldung.", "Path of the login."))] = None,
    user: Annotated[str | None, typer.Option(help=say("Feld des Benutzernamens.", "Field of the user name."))] = None,
    password: Annotated[str | None, typer.Option(help=say("Feld des Passworts.", "Field of the password."))] = None,
    submit: Annotated[str | None, typer.Option(help=say("Knopf der Anmeldung.", "Button of the login."))] = None,
    logged_in: Annotated[
        str | None, typer.Option(help=say("Was nur Angemeldete sehen.", "What is seen only when logged in."))
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(help=say("Pfad der Suche mit {document_id}.", "Path of the search with {document_id}.")),
    ] = None,
    download: Annotated[str | None, typer.Option(help=say("Link auf das Dokument.", "Link to the document."))] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help=say("Fertige YAML-Datei.", "A ready YAML file."))
    ] = None,
    force: Annotated[bool, _FORCE] = False,
) -> None:
    settings = given_settings()
    if source is not None:
        _keep(settings, name, source.read_text("utf-8") if source.is_file() else "", force=force)
        return
    ask = _Questions()
    document: dict[str, object] = {
        "name": name,
        "aliases": alias or [],
        "url": ask(url, "url", "https://portal.example.com"),
    }
    document["login"] = {
        "steps": [
            {"open": ask(login, "login", LOGIN)},
            {"fill": ask(user, "user", USER), "secret": "username"},
            {"fill": ask(password, "password", PASSWORD), "secret": "password"},
            {"click": ask(submit, "submit", "css=form button[type=submit]")},
        ],
        "logged_in": ask(logged_in, "logged-in", "role=button[name=Abmelden]"),
    }
    document["document"] = {
        "steps": [
            {"open": ask(search, "search", "/invoices?q={document_id}")},
            {"download": ask(download, "download", "css=a[href*='{document_id|url}']")},
        ]
    }
    _keep(settings, name, _yaml(document), force=force)


class _Questions:
    """Asks for what was not given as an option; without a terminal the proposal is taken."""

    def __call__(self, given: str | None, name: str, proposal: str) -> str:
        if given is not None:
            return given
        if not sys.stdin.isatty():
            return proposal
        answered: str = typer.prompt(name, default=proposal)
        return answered


def _yaml(document: dict[str, object]) -> str:
    import yaml  # noqa: PLC0415 - few commands need it

    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)


def _keep(settings: Settings, name: str, text: str, *, force: bool) -> None:
    """Check a profile and put it where the service finds it; an unsound one is not written."""
    key = login_name(name)
    path = settings.store.data_dir / "sites" / f"{key or 'site'}.yaml"
    try:
        profile = read_site(text, str(path))
    except SiteFileError as error:
        raise leave(USAGE, error) from error
    if path.exists() and not force:
        words = say(f"{path} gibt es schon; --force ersetzt es.", f"{path} is there already; --force replaces it.")
        raise leave(USAGE, ValueError(words))
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text("utf-8") if path.exists() else None
    path.write_text(written(profile), "utf-8")
    flaw = book_of(settings).flaws.get(path.stem)
    if flaw is not None:
        path.unlink() if before is None else path.write_text(before, "utf-8")
        raise leave(USAGE, flaw)
    out.print(views.escape(str(path)), highlight=False, soft_wrap=True)
    for secret in profile.secret_names:
        out.print(f"  cpa secret set {views.escape(secret)}", highlight=False)
    out.print(f"  cpa site test {views.escape(shlex.quote(profile.name))}", highlight=False)


@app.command("test", help=say("Sich wirklich anmelden und nachsehen; mit --document auch eines holen.",
                              "Really log in and look; with --document fetch one as well."))  # fmt: skip
def try_site(name: Annotated[str, _NAME], document: Annotated[str | None, _NUMBER] = None) -> None:
    from scheduler.cli.site_trial import try_out  # noqa: PLC0415 - it needs the browser

    settings = given_settings()
    try:
        site = book_of(settings).named(name)
    except (UnknownSiteError, SiteFileError) as error:
        raise leave(USAGE, error) from error

    def tell(operation: str, what: str) -> None:
        out.print(f"  {operation}  [dim]{views.escape(what)}[/]", highlight=False, soft_wrap=True)

    def ask(question: str) -> str | None:
        return typer.prompt(question, hide_input=True, err=True) if sys.stdin.isatty() else None

    trial = asyncio.run(try_out(settings, site, document, tell, ask))
    for line in trial.lines:
        out.print(views.escape(line), highlight=False, soft_wrap=True)
    for picture in trial.pictures:
        out.print(f"{evidence_kind(picture)}: {views.escape(picture)}", highlight=False, soft_wrap=True)
    if trial.error is not None:
        raise leave(FAILED, ValueError(trial.error))


@app.command(
    help=say(
        "Ein Portal im Browser vormachen: anmelden, ein Dokument suchen und herunterladen. Werte von Passwörtern "
        "werden nie aufgenommen.",
        "Show a portal in the browser: log in, find a document, download it. Values of passwords are never recorded.",
    )
)
def record(
    name: Annotated[str, _NAME],
    url: Annotated[str, _URL],
    document: Annotated[str | None, _NUMBER] = None,
    alias: Annotated[list[str] | None, _ALIAS] = None,
    force: Annotated[bool, _FORCE] = False,
) -> None:
    from scheduler.cli.site_recording import recorded  # noqa: PLC0415 - it needs the browser

    settings = given_settings()
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        words = say(
            "Hier ist kein Bildschirm (DISPLAY ist nicht gesetzt), also kann niemand etwas vormachen. Bitte auf einem "
            "Rechner mit Bildschirm aufnehmen, oder „cpa site add“ benutzen.",
            "There is no display here (DISPLAY is not set), so nobody can show anything. Please record on a machine "
            "with a display, or use “cpa site add”.",
        )
        raise leave(FAILED, ValueError(words))
    out.print(say("Bitte vormachen; das Fenster zu schließen beendet die Aufnahme.",
                  "Please show it; closing the window ends the recording."))  # fmt: skip
    try:
        profile = asyncio.run(recorded(settings, name, url, document, alias or []))
    except (CPAError, ValueError) as error:
        raise leave(FAILED, error) from error
    _keep(settings, name, written(profile), force=force)
