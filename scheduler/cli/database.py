"""The commands of `cpa db`: care for the database of this machine. They need no service, and may run beside one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from scheduler.cli import views
from scheduler.cli.session import FAILED, REFUSED, USAGE, err, given_settings, leave, out
from scheduler.cli.words import say
from scheduler.core.errors import CPAError, StoreBusyError, StoreFullError
from scheduler.core.sentences import Sentence, sentence

if TYPE_CHECKING:
    from scheduler.orchestrator.pruning import Cutoffs, Pruned
    from scheduler.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help=say("Die Datenbank pflegen: sichern, prüfen, aufräumen.", "Care for the database: back up, check, clean up."),
)


@app.command(
    help=say("Sichern, auch während der Dienst läuft. Die Kopie wird geprüft.", "Back up, also while the service runs.")
)
def backup(
    file: Annotated[Path, typer.Argument(help=say("Wohin.", "Where to."), show_default=False)],
    replace: Annotated[
        bool, typer.Option("--replace", help=say("Eine vorhandene Datei ersetzen.", "Replace a file that is there."))
    ] = False,
) -> None:
    from scheduler.repository import sqlite_care  # noqa: PLC0415 - `cpa --help` must not load the store

    source = _database()
    with _care(say("sichern", "backing up")) as progress:
        sqlite_care.backup(source, file, progress, replace=replace)
    out.print(say("gesichert:", "backed up:"), views.escape(f"{file} ({file.stat().st_size} bytes)"), soft_wrap=True)


@app.command(
    help=say(
        "Aus einer Sicherung wiederherstellen; nur, wenn kein Dienst läuft. Was da war, bleibt daneben liegen.",
        "Restore a backup; only while no service runs. What was there is kept beside it.",
    )
)
def restore(
    file: Annotated[Path, typer.Argument(help=say("Die Sicherung.", "The backup."), show_default=False)],
) -> None:
    from scheduler.repository import sqlite_care  # noqa: PLC0415 - see above

    target = _database()
    with _care(say("wiederherstellen", "restoring")) as progress:
        kept = sqlite_care.restore(file, target, progress, datetime.now(UTC))
    out.print(say("wiederhergestellt:", "restored:"), views.escape(str(target)), soft_wrap=True)
    if kept is not None:
        out.print(say("der alte Stand:", "what was there before:"), views.escape(str(kept)), soft_wrap=True)


@app.command(
    help=say(
        "Aufbau, Verweise, Schema und die Prüfkette jedes Mandanten prüfen.",
        "Check structure, references, schema and the audit chain of every tenant.",
    )
)
def check() -> None:
    from scheduler.repository import sqlite_care  # noqa: PLC0415 - see above

    path, good = _database(), True
    with _care(""):
        for finding in sqlite_care.check(path):
            mark = "[green]✔[/]" if finding.good else "[red]✘[/]"
            good &= finding.good
            out.print(f"{mark} {views.escape(say(*finding.name))} {views.escape(finding.detail)}", highlight=False)
    if not good:
        raise typer.Exit(FAILED)


@app.command(
    help=say(
        "Ungenutzten Platz freigeben; nur, wenn kein Dienst läuft.", "Free unused space; only while no service runs."
    )
)
def vacuum() -> None:
    from scheduler.repository import sqlite_care  # noqa: PLC0415 - see above

    path = _database()
    with _care(""):
        before, after = sqlite_care.vacuum(path)
    out.print(f"{before} → {after} bytes")


@app.command(
    help=say(
        "Entfernen, was älter ist als CPA_RETENTION_…, samt Dateien und Bildern.",
        "Remove what is older than CPA_RETENTION_…, with files and pictures.",
    )
)
def prune(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("Nur zählen, nichts entfernen.", "Only count, remove nothing."))
    ] = False,
    jobs_days: Annotated[
        float | None,
        typer.Option(
            min=0.001, max=36_500, help=say("Statt CPA_RETENTION_JOBS_DAYS.", "Instead of CPA_RETENTION_JOBS_DAYS.")
        ),
    ] = None,
) -> None:
    from scheduler.upkeep_wiring import make_cutoffs  # noqa: PLC0415 - see above

    settings = given_settings()
    changes = {} if jobs_days is None else {"jobs_days": jobs_days}
    cutoffs = make_cutoffs(settings.retention.model_copy(update=changes), datetime.now(UTC))
    if not _database().is_file():
        raise leave(USAGE, _UnusableError("Es gibt noch keine Datenbank.", "There is no database yet."))
    with _care(""):
        pruned = asyncio.run(_prune(settings, cutoffs, dry_run=dry_run))
    words = say("Zu entfernen:", "To be removed:") if dry_run else say("Entfernt:", "Removed:")
    out.print(
        words,
        say(
            f"{pruned.jobs} Aufträge, {pruned.messages} Nachrichten, {pruned.keys} Idempotency-Keys, "
            f"{pruned.schedule_events} Zeilen von Zeitplänen, {pruned.accounts} Konten von Modellkosten, "
            f"{pruned.enrolments} Eintrittskarten",
            f"{pruned.jobs} jobs, {pruned.messages} messages, {pruned.keys} idempotency keys, "
            f"{pruned.schedule_events} lines of schedules, {pruned.accounts} accounts of what models cost, "
            f"{pruned.enrolments} enrolment tokens",
        ),
        highlight=False,
    )


async def _prune(settings: "Settings", cutoffs: "Cutoffs", *, dry_run: bool) -> "Pruned":
    from scheduler.repository import sqlite_care  # noqa: PLC0415 - see above
    from scheduler.upkeep_wiring import open_pruner  # noqa: PLC0415 - see above

    sqlite_care.refuse_other_revision(_database())
    async with open_pruner(settings) as pruner:
        if dry_run:
            return await pruner.count(cutoffs)
        with err.status(say("aufräumen", "pruning")) as status:
            return await pruner.prune(cutoffs, lambda jobs: status.update(f"{say('aufräumen', 'pruning')}: {jobs}"))


class _UnusableError(ValueError):
    def __init__(self, de: str, en: str) -> None:
        super().__init__(en)
        self.said = Sentence(de, en)


def _database() -> Path:
    """Return the file of the settings, or end the command."""
    from scheduler.queue.sqlite_queue import sqlite_path  # noqa: PLC0415 - see above

    try:
        return sqlite_path(given_settings().store.database_url)
    except ValueError as error:
        raise leave(USAGE, error) from error


@contextmanager
def _care(doing: str) -> Iterator["_Shown"]:
    """Show how far it is, and turn what can go wrong into one line and an exit code."""
    from scheduler.repository.sqlite_care import CareError  # noqa: PLC0415 - see above

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    try:
        with Progress(*columns, console=err, transient=True, disable=not (doing and err.is_terminal)) as bar:
            yield _Shown(bar, doing)
    except CareError as error:
        raise leave(REFUSED, error) from error
    except (StoreBusyError, StoreFullError) as error:
        raise leave(REFUSED, _said(error)) from error
    except OSError as error:
        raise leave(REFUSED, error) from error


def _said(error: CPAError) -> _UnusableError:
    return _UnusableError(sentence(error.code, "de", error.facts), sentence(error.code, "en", error.facts))


class _Shown:
    """Is told how many pages are done, and moves the bar."""

    def __init__(self, bar: Progress, doing: str) -> None:
        self._bar = bar
        self._task = bar.add_task(doing, total=None)

    def __call__(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total)
