"""The commands of `cpa dead`: jobs that failed for good and wait for a person."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from scheduler.cli import answers, letter_views, views
from scheduler.cli.client import Client
from scheduler.cli.session import FAILED, USAGE, err, out, print_json, service, watch
from scheduler.cli.words import say

app = typer.Typer(
    no_args_is_help=True,
    help=say(
        "Liegengebliebene Aufträge: ansehen, berichtigen, wieder einreihen, verwerfen.",
        "Dead letters, the jobs that failed for good: look, correct, requeue, discard.",
    ),
)
_JOB = typer.Argument(help=say("Kennung des Auftrags.", "Id of the job."), show_default=False)
_JOBS = typer.Argument(help=say("Kennungen der Aufträge.", "Ids of the jobs."), show_default=False)
_JSON = typer.Option("--json", help=say("Als JSON ausgeben.", "Print JSON."))
_CODE = typer.Option(help=say("Nur mit diesem Fehlercode.", "Only with this error code."))
_INTENT = typer.Option(help=say("Nur mit diesem Vorhaben.", "Only with this intent."))
_SINCE = typer.Option(help=say("Gescheitert ab (ISO 8601).", "Failed from then on (ISO 8601)."))
_UNTIL = typer.Option(help=say("Gescheitert vor (ISO 8601).", "Failed before (ISO 8601)."))
_ALL = typer.Option("--all", help=say("Alle, auf die die Filter passen.", "All that fit the filters."))
_REASON = typer.Option(help=say("Warum; steht im Audit-Log.", "Why; it is kept in the audit log."))


def letter_path(job_id: str) -> str:
    """Return the path of a dead letter; whatever was typed as its id stays inside one segment."""
    return f"/dead-letters/{quote(job_id, safe='') or '-'}"


@app.command(
    "list", help=say("Auflisten, die zuletzt gescheiterten zuerst.", "List them, those that failed last first.")
)
def list_letters(
    code: Annotated[str | None, _CODE] = None,
    intent: Annotated[str | None, _INTENT] = None,
    since: Annotated[str | None, _SINCE] = None,
    until: Annotated[str | None, _UNTIL] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help=say("Wie viele.", "How many."))] = 20,
    cursor: Annotated[str | None, typer.Option(help=say("Weiter nach dieser Seite.", "Go on after this page."))] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    with service() as client:
        wanted = _given(code=code, intent=intent, since=since, until=until, limit=limit, cursor=cursor)
        page = client.call("GET", "/dead-letters", params=wanted)
    if as_json:
        print_json(page)
    else:
        letter_views.show_letters(out, page)


@app.command(help=say("Die ganze Geschichte eines Auftrags zeigen.", "Show the whole story of a job."))
def show(job_id: Annotated[str, _JOB], as_json: Annotated[bool, _JSON] = False) -> None:
    with service() as client:
        story = client.call("GET", letter_path(job_id))
    if as_json:
        print_json(story)
    else:
        letter_views.show_story(out, story)


@app.command(
    help=say(
        "Aufgaben berichtigen, die nicht erledigt sind, oder den Kontext. Danach: cpa dead requeue.",
        "Correct tasks that are not done, or the context. Then: cpa dead requeue.",
    )
)
def edit(
    job_id: Annotated[str, _JOB],
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="TASK.FIELD=VALUE",
            help=say(
                "Zum Beispiel send.params.to='[\"anna@example.com\"]'; was kein JSON ist, gilt als Text.",
                "For example send.params.to='[\"anna@example.com\"]'; what is no JSON is taken as text.",
            ),
        ),
    ] = None,
    context: Annotated[
        list[str] | None, typer.Option("--context", metavar="NAME=VALUE", help=say("Ein Wert.", "One value."))
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Die Berichtigung als JSON; „-“ liest sie von der Standardeingabe.",
                "The correction as JSON; “-” reads it from standard input.",
            )
        ),
    ] = None,
    version: Annotated[
        int | None, typer.Option(help=say("Nur, wenn der Plan noch diese Fassung hat.", "Only if this is the plan."))
    ] = None,
    reason: Annotated[str, _REASON] = "",
) -> None:
    correction = _read(file) if file else {}
    for section, assignments in (("tasks", changes), ("context", context)):
        for path, value in map(_assignment, assignments or []):
            _put(correction, [section, *path], value)
    correction |= _given(version=version, reason=reason or None)
    with service() as client:
        answer = client.call("PATCH", letter_path(job_id), json=correction)
    out.print(say("Fassung des Plans:", "version of the plan:"), answer["plan_version"], highlight=False)


@app.command(
    help=say(
        "Wieder einreihen; was erledigt ist, bleibt erledigt. Viele: mit --all und Filtern.",
        "Requeue; what is done stays done. Many: with --all and filters.",
    )
)
def requeue(
    job_ids: Annotated[list[str] | None, _JOBS] = None,
    everything: Annotated[bool, _ALL] = False,
    code: Annotated[str | None, _CODE] = None,
    intent: Annotated[str | None, _INTENT] = None,
    since: Annotated[str | None, _SINCE] = None,
    until: Annotated[str | None, _UNTIL] = None,
    reason: Annotated[str, _REASON] = "",
    follow: Annotated[bool, typer.Option("--watch", help=say("Zusehen (nur einer).", "Watch (one only)."))] = False,
) -> None:
    with service() as client:
        chosen = _chosen(job_ids, everything, _given(code=code, intent=intent, since=since, until=until))
        if len(chosen.get("job_ids", ())) == 1:
            job_id = chosen["job_ids"][0]
            last = client.timeline(job_id)[-1:] if follow else []
            client.call("POST", f"{letter_path(job_id)}/requeue", params=_given(reason=reason or None))
            out.print(say("1 wieder eingereiht", "1 requeued"), highlight=False)
            if follow:
                watch(client, job_id, last[0]["seq"] if last else 0, answers.when_asked)
        else:
            handled = _handle(client, "/dead-letters:requeue", chosen | _given(reason=reason or None))
            out.print(handled, say("wieder eingereiht", "requeued"), highlight=False)


@app.command(help=say("Verwerfen; der Auftrag bleibt gescheitert.", "Discard; the job stays failed."))
def discard(
    job_ids: Annotated[list[str] | None, _JOBS] = None,
    everything: Annotated[bool, _ALL] = False,
    code: Annotated[str | None, _CODE] = None,
    intent: Annotated[str | None, _INTENT] = None,
    since: Annotated[str | None, _SINCE] = None,
    until: Annotated[str | None, _UNTIL] = None,
    reason: Annotated[str, _REASON] = "",
) -> None:
    with service() as client:
        chosen = _chosen(job_ids, everything, _given(code=code, intent=intent, since=since, until=until))
        if len(chosen.get("job_ids", ())) == 1:
            client.call("DELETE", letter_path(chosen["job_ids"][0]), params=_given(reason=reason or None))
            out.print(say("1 verworfen", "1 discarded"), highlight=False)
        else:
            handled = _handle(client, "/dead-letters:discard", chosen | _given(reason=reason or None))
            out.print(handled, say("verworfen", "discarded"), highlight=False)


def _given(**values: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {name: value for name, value in values.items() if value is not None}


def _chosen(job_ids: list[str] | None, everything: bool, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return which letters are meant: those named, or with --all those that fit."""
    if bool(job_ids) == everything or (job_ids and wanted):
        raise _usage(
            say(
                "Entweder Kennungen angeben oder --all, auf Wunsch mit Filtern.",
                "Give either ids, or --all, with filters if you like.",
            )
        )
    return {"job_ids": job_ids} if job_ids else {"where": wanted}


def _handle(client: Client, path: str, chosen: dict[str, Any]) -> int:
    """Have letters handled until no more fit; return how many were, and say why others were not."""
    handled = 0
    while True:
        answer = client.call("POST", path, json=chosen)
        handled += len(answer["job_ids"])
        for refused in answer["refused"]:
            err.print(f"[red]{views.escape(refused['problem']['detail'])}[/]", highlight=False, soft_wrap=True)
        if not answer["more"] or not answer["job_ids"]:
            if answer["refused"]:
                raise typer.Exit(FAILED)
            return handled


def _assignment(text: str) -> tuple[list[str], Any]:
    """Read `send.params.to=VALUE`; a value that is no JSON is a text."""
    path, separator, value = text.partition("=")
    if not separator or not all(path.split(".")):
        raise _usage(say(f"„{text}“ ist nicht wie NAME=WERT.", f"“{text}” is not like NAME=VALUE."))
    try:
        return path.split("."), json.loads(value)
    except ValueError:
        return path.split("."), value


def _put(document: dict[str, Any], path: list[str], value: Any) -> None:  # noqa: ANN401 - JSON
    for name in path[:-1]:
        inner = document.setdefault(name, {})
        if not isinstance(inner, dict):
            raise _usage(say(f"{'.'.join(path)} passt nicht.", f"{'.'.join(path)} does not fit."))
        document = inner
    document[path[-1]] = value


def _read(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _usage(f"{file}: {error}") from error
    if not isinstance(document, dict):
        raise _usage(say(f"{file}: ein JSON-Objekt wird erwartet.", f"{file}: a JSON object is expected."))
    return document


def _usage(words: str) -> typer.Exit:
    """Say on standard error what was typed wrong; raise what is returned."""
    err.print(f"[red]{views.escape(words)}[/]", highlight=False, soft_wrap=True)
    return typer.Exit(USAGE)
