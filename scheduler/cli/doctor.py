"""Says what is installed, what is missing, and how to get it."""

import asyncio
import shutil
import socket
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from scheduler.cli.spending import unpriced_said
from scheduler.cli.words import read_out, say, user_locale
from scheduler.core.errors import CPAError
from scheduler.core.sentences import sentence
from scheduler.core.site_book import SiteBook
from scheduler.executors.app_executor import has_screen
from scheduler.executors.browser_pool import find_browser
from scheduler.executors.libreoffice import INSTALL, find_libreoffice
from scheduler.llm.budgets import models_of, unpriced
from scheduler.llm.prices import DEFAULT_PRICES, load_prices
from scheduler.llm.servers import missing_keys
from scheduler.security.secrets_manager import SecretsManager, variable_of
from scheduler.settings import Settings


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. Without `needed` it may be missing; `advice` says how to get it."""

    name: str
    good: bool
    detail: str
    advice: str = ""
    needed: bool = True


def examine(settings: Settings) -> list[Finding]:
    """Look at everything a job may need."""
    return [_python(), _sqlite(), _browser(settings), _data_dir(settings), _sites(settings), _mail(settings),
            _secrets(settings), _redis(), _office(), _calendar(settings), _screen(), _model(settings)]  # fmt: skip


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        "Python", sys.version_info >= (3, 11), version, say("Python 3.11 wird gebraucht", "install Python 3.11")
    )


def _sqlite() -> Finding:
    good = sqlite3.sqlite_version_info >= (3, 37)
    return Finding("SQLite", good, sqlite3.sqlite_version, say("SQLite 3.37 wird gebraucht", "SQLite 3.37 is needed"))


def _browser(settings: Settings) -> Finding:
    found = settings.web.browser_path or find_browser()
    good = found is not None and found.is_file()
    advice = "apt-get install chromium-headless-shell"
    return Finding("Chromium", good, str(found or say("nicht gefunden", "not found")), advice)


def _data_dir(settings: Settings) -> Finding:
    folder = settings.store.data_dir.resolve()
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    good = place.is_dir() and _writable(place)
    return Finding(say("Datenordner", "data folder"), good, str(folder), f"chown -R $USER {place}")


def _writable(place: Path) -> bool:
    probe = place / ".cpa-doctor"
    try:
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def _book(settings: Settings) -> SiteBook:
    return SiteBook((settings.web.sites_dir, settings.store.data_dir / "sites"))


def _sites(settings: Settings) -> Finding:
    name, book = say("Portale", "portals"), _book(settings)
    for flaw in book.flaws.values():
        return Finding(name, good=False, detail=read_out(flaw), needed=False)
    known = ", ".join(site.profile.name for site in book.sites.values())
    return Finding(name, bool(known), known or say("keine", "none"), "cpa site add", needed=False)


def _mail(settings: Settings) -> Finding:
    mail = settings.mail
    if missing := settings.mail_missing:
        secrets = (variable_of(name) for name in _mail_secrets(settings))
        advice = ", ".join([*missing, *secrets])
        return Finding("Mail", good=False, detail=say("nicht eingerichtet", "not set up"), advice=advice, needed=False)
    if mail.maildir is not None:
        local = say(f"{mail.address} in {mail.maildir}, ohne Server", f"{mail.address} in {mail.maildir}, no server")
        return Finding("Mail", good=True, detail=local)
    if settings.uses_graph:
        return _graph(settings)
    servers = ((mail.smtp_host, mail.smtp_port), (mail.imap_host, mail.imap_port))
    silent = [f"{host}:{port}" for host, port in servers if not _answers(host, port)]
    advice = say("Adresse und Firewall prüfen: ", "check address and firewall: ") + ", ".join(silent)
    return Finding("Mail", not silent, mail.address, advice, needed=False)


def _graph(settings: Settings) -> Finding:
    """Log in and look into the mailbox, as a mail step would."""
    from scheduler.mail_wiring import make_mail_transport  # noqa: PLC0415 - few need every mail adapter

    impatient = settings.graph.model_copy(update={"patience_seconds": 5.0})
    trial = settings.model_copy(update={"graph": impatient})
    try:
        transport = make_mail_transport(trial, SecretsManager(settings.store.secrets_file))
        asyncio.run(transport.folders())
    except CPAError as error:
        advice = sentence(error.code, user_locale(), error.facts)
        return Finding("Mail", good=False, detail=settings.mail.address, advice=advice, needed=False)
    except (OSError, ValueError) as error:
        return Finding("Mail", good=False, detail=settings.mail.address, advice=str(error), needed=False)
    return Finding("Mail", good=True, detail=f"{settings.mail.address} ({settings.graph.root})")


def _secrets(settings: Settings) -> Finding:
    """Look up what the portals and the mailbox that are set up log in with."""
    name, file = say("Geheimnisse", "secrets"), settings.store.secrets_file
    secrets = SecretsManager(file)
    try:
        secrets.values()  # a file that cannot be read stops the service, whether or not anything in it is needed
        missing = [variable_of(wanted) for wanted in _logins(settings) if not secrets.has(wanted)]
    except PermissionError:
        return Finding(name, good=False, detail=str(file), advice=f"chmod 600 {file}")
    except (OSError, ValueError) as error:
        return Finding(name, good=False, detail=str(error))
    if missing:
        places = say(f"als Umgebungsvariable setzen oder in {file} hinterlegen: ", f"set as a variable or in {file}: ")
        return Finding(
            name, good=False, detail=say("es fehlen welche", "some are missing"), advice=places + ", ".join(missing)
        )
    no_file = say("keine Datei; nur Umgebungsvariablen CPA_SECRET_…", "no file; only variables CPA_SECRET_…")
    return Finding(name, good=True, detail=str(file) if file.exists() else no_file)


def _logins(settings: Settings) -> list[str]:
    portals = [secret for site in _book(settings).sites.values() for secret in site.profile.secret_names]
    calendar = ["calendar.password"] if settings.calendar.url and settings.calendar.username else []
    return [*dict.fromkeys(portals), *([] if settings.mail_missing else _mail_secrets(settings)), *calendar]


def _mail_secrets(settings: Settings) -> list[str]:
    """Return the secrets without which nobody lets us into the mailbox."""
    if settings.uses_graph:
        return ["graph.client_secret"] if settings.graph.login == "secret" else []
    if settings.mail.maildir is not None:
        return []
    return ["mail.client_secret" if settings.mail.auth == "oauth2" else "mail.password"]


def _redis() -> Finding:
    found = shutil.which("redis-server")
    detail = found or say("nicht gefunden; nur die Servergröße braucht es", "not found; only the server size needs it")
    return Finding("Redis", found is not None, detail, "apt-get install redis-server", needed=False)


def _office() -> Finding:
    found = find_libreoffice()
    detail = str(found or say("nicht gefunden; nur für PDF aus Dokumenten", "not found; only for PDFs of documents"))
    return Finding("LibreOffice", found is not None, detail, INSTALL, needed=False)


def _calendar(settings: Settings) -> Finding:
    name, url = say("Kalender", "calendar"), settings.calendar.url
    if url is None:
        detail = say("nicht eingerichtet; eingeladen wird per Mail", "not set up; people are invited by mail")
        advice = "CPA_CALENDAR_URL, CPA_SECRET_CALENDAR_PASSWORD"
        return Finding(name, good=False, detail=detail, advice=advice, needed=False)
    place = urlsplit(url)
    good = _answers(place.hostname or "", place.port or (443 if place.scheme == "https" else 80))
    return Finding(name, good, url, say("Adresse und Firewall prüfen", "check address and firewall"), needed=False)


def _screen() -> Finding:
    found = has_screen()
    detail = say("da", "there") if found else say("keiner; Anwendungen brauchen einen", "none; applications need one")
    return Finding(say("Bildschirm", "screen"), found, detail, "DISPLAY", needed=False)


def _model(settings: Settings) -> Finding:
    name, models = say("Sprachmodell", "language model"), models_of(settings.llm)
    if not models:
        detail = say("keines eingerichtet; es geht nach Regeln", "none is set up; rules do the work")
        return Finding(name, good=False, detail=detail, advice="CPA_LLM_PROVIDER, CPA_LLM_MODEL", needed=False)
    if missing := missing_keys(settings.llm):
        detail = say("ohne Schlüssel; damit startet nichts", "without a key; nothing starts like this")
        return Finding(name, good=False, detail=f"{', '.join(models)}: {detail}", advice=", ".join(missing))
    try:
        prices = load_prices(settings.llm.prices_file or DEFAULT_PRICES)
    except ValueError as error:
        return Finding(name, good=False, detail=str(error), advice="CPA_LLM_PRICES_FILE")
    detail = f"{', '.join(models)} ({say('Preise vom', 'prices of')} {prices.as_of})"
    unknown = unpriced(models, prices)
    return Finding(name, not unknown, detail, unpriced_said(unknown), needed=False)


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except OSError:
        return False
