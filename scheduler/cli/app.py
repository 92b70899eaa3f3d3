"""The commands of `cpa`."""

import json
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from scheduler.cli import views
from scheduler.cli.client import Client, RefusedError, ServiceDownError, job_path
from scheduler.cli.words import read_out, say
from scheduler.settings import SettingError, Settings, load_settings

FAILED, USAGE, REFUSED, DOWN, INTERRUPTED = 1, 2, 3, 4, 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=say(
        "CPA: ein Satz auf Deutsch oder Englisch wird ein Plan, ein Auftrag, erledigte Arbeit.",
        "CPA: a sentence in German or English becomes a plan, a job, work done.",
    ),
)
out = Console()
err = Console(stderr=True)

_SENTENCE = typer.Argument(
    help=say(
        "Was erledigt werden soll, in einem Satz; „-“ liest ihn von der Standardeingabe.",
        "What is to be done, in one sentence; “-” reads it from standard input.",
    ),
    show_default=False,
)
_JOB = typer.Argument(help=say("Kennung des Auftrags.", "Id of the job."), show_default=False)
_JSON = typer.Option("--json", help=say("Als JSON ausgeben.", "Print JSON."))


@contextmanager
def _service() -> Iterator[Client]:
    """Open the service and turn what can go wrong into one line and an exit code."""
    try:
        with Client(_settings().api) as client:
            yield client
    except RefusedError as error:
        raise _exit(REFUSED, error) from error
    except ServiceDownError as error:
        raise _exit(DOWN, error) from error


def _settings() -> Settings:
    try:
        return load_settings()
    except SettingError as error:
        raise _exit(USAGE, error) from error


def _exit(code: int, error: Exception) -> typer.Exit:
    """Say on standard error what is wrong; raise what is returned."""
    err.print(f"[red]{views.escape(read_out(error))}[/]", highlight=False, soft_wrap=True)
    return typer.Exit(code)


def _sentence(given: str) -> str:
    """Return the sentence, read from standard input if it is `-`."""
    return sys.stdin.read().strip() if given == "-" else given


def _print_json(document: object) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


@app.command(
    help=say("Dienst und Arbeiter in einem Prozess starten.", "Start the service and a worker in one process.")
)
def up(
    host: Annotated[
        str | None, typer.Option(help=say("Adresse, sonst CPA_API_HOST.", "Address, else CPA_API_HOST."))
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help=say("Port, sonst CPA_API_PORT.", "Port, else CPA_API_PORT."))
    ] = None,
) -> None:
    from scheduler.main import check_start, serve  # noqa: PLC0415 - only this command needs the whole service

    settings = _settings()
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update={"api": settings.api.model_copy(update=changes)})
    try:
        check_start(settings)
    except (ValueError, OSError) as error:
        raise _exit(USAGE, error) from error
    try:
        ended_well = serve(settings, lambda url: err.print(say("CPA läuft auf", "CPA is up at"), url, highlight=False))
    except SettingError as error:  # somebody else has the address
        raise _exit(FAILED, error) from error
    if not ended_well:
        raise typer.Exit(FAILED)


@app.command(help=say("Einen Satz erledigen lassen und zusehen.", "Have a sentence done, and watch."))
def run(
    sentence: Annotated[str, _SENTENCE],
    detach: Annotated[bool, typer.Option("--detach", help=say("Nicht zusehen.", "Do not watch."))] = False,
) -> None:
    with _service() as client:
        key = {"Idempotency-Key": uuid.uuid4().hex}
        job = client.call("POST", "/schedule", json={"text": _sentence(sentence)}, headers=key)
        out.print(say("Auftrag", "job"), views.escape(job["job_id"]), highlight=False)
        if not detach:
            _watch(client, job["job_id"])


def _watch(client: Client, job_id: str, last: int = 0) -> None:
    try:
        for event in client.events(job_id, last):
            views.show_event(out, event)
    except KeyboardInterrupt:
        words = say("Der Auftrag läuft weiter. Abbrechen:", "The job goes on. To stop it:")
        err.print(f"{words} cpa cancel {views.escape(job_id)}", highlight=False)
        raise typer.Exit(INTERRUPTED) from None
    detail = client.call("GET", job_path(job_id))
    views.show_job(out, detail)
    if detail["status"] != "done":
        raise typer.Exit(FAILED)


@app.command(help=say("Zeigen, was ein Satz täte. Nichts läuft.", "Show what a sentence would do. Nothing runs."))
def plan(sentence: Annotated[str, _SENTENCE], as_json: Annotated[bool, _JSON] = False) -> None:
    with _service() as client:
        planned = client.call("POST", "/plan", json={"text": _sentence(sentence)})
    if as_json:
        _print_json(planned)
    else:
        views.show_plan(out, planned)


@app.command(help=say("Aufträge auflisten, die neuesten zuerst.", "List jobs, newest first."))
def jobs(
    limit: Annotated[int, typer.Option(min=1, max=200, help=say("Wie viele.", "How many."))] = 20,
    status: Annotated[str | None, typer.Option(help=say("Nur mit diesem Stand.", "Only with this status."))] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    wanted: dict[str, Any] = {"limit": limit} | ({"status": status} if status else {})
    with _service() as client:
        page = client.call("GET", "/jobs", params=wanted)
    if as_json:
        _print_json(page)
    else:
        views.show_jobs(out, page)


@app.command(help=say("Einen Auftrag mit Schritten und Verlauf zeigen.", "Show a job with its steps and timeline."))
def job(job_id: Annotated[str, _JOB], as_json: Annotated[bool, _JSON] = False) -> None:
    with _service() as client:
        detail = client.call("GET", job_path(job_id))
        events = client.timeline(job_id)
    if as_json:
        _print_json(detail | {"events": events})
        return
    views.show_job(out, detail)
    for event in events:
        views.show_event(out, event)


@app.command(help=say("Einen Auftrag abbrechen.", "Cancel a job."))
def cancel(job_id: Annotated[str, _JOB]) -> None:
    with _service() as client:
        answer = client.call("DELETE", job_path(job_id))
    out.print(views.escape(answer["status"]))


@app.command(help=say("Einen fehlgeschlagenen Auftrag wiederholen.", "Retry a job that failed."))
def retry(
    job_id: Annotated[str, _JOB],
    detach: Annotated[bool, typer.Option("--detach", help=say("Nicht zusehen.", "Do not watch."))] = False,
) -> None:
    with _service() as client:
        earlier = client.timeline(job_id)
        client.call("POST", f"{job_path(job_id)}/retry")
        if not detach:
            _watch(client, job_id, earlier[-1]["seq"] if earlier else 0)


@app.command(help=say("Zeigen, was da ist und was fehlt.", "Show what is there and what is missing."))
def doctor() -> None:
    from scheduler.cli import doctor as medicine  # noqa: PLC0415 - it knows the browser, which takes long to import

    findings = medicine.examine(_settings())
    for finding in findings:
        mark = "[green]✔[/]" if finding.good else "[red]✘[/]" if finding.needed else "[yellow]–[/]"
        out.print(f"{mark} {finding.name}: {views.escape(finding.detail)}", highlight=False, soft_wrap=True)
        if not finding.good and finding.advice:
            out.print(f"    → {finding.advice}", highlight=False, markup=False, soft_wrap=True)
    if any(finding.needed and not finding.good for finding in findings):
        raise typer.Exit(FAILED)


def main() -> None:
    """Run the command line."""
    app()
