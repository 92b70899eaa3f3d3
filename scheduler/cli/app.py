"""The commands of `cpa`."""

import asyncio
import sys
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from scheduler.cli import (
    agent,
    agents,
    answers,
    contacts,
    database,
    dead,
    graph,
    intents,
    plan_views,
    plans,
    queue,
    schedules,
    secrets,
    sites,
    spending,
    views,
)
from scheduler.cli.client import job_path
from scheduler.cli.session import (
    FAILED,
    JSON,
    SENTENCE,
    TENANT,
    UNIQUE,
    UNIQUE_KEY,
    USAGE,
    WAITS,
    as_form,
    err,
    given_settings,
    leave,
    out,
    print_json,
    sentence_given,
    service,
    unique_order,
    watch,
)
from scheduler.cli.times import moment_of
from scheduler.cli.words import say
from scheduler.garbage import collecting_nothing
from scheduler.settings import SettingError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=say(
        "CPA: ein Satz auf Deutsch oder Englisch wird ein Plan, ein Auftrag, erledigte Arbeit.",
        "CPA: a sentence in German or English becomes a plan, a job, work done.",
    ),
)
_JOB = typer.Argument(help=say("Kennung des Auftrags.", "Id of the job."), show_default=False)

_FILE = typer.Option(
    exists=True, dir_okay=False, help=say("Datei dazu; mehrfach möglich.", "A file to it; repeatable.")
)
_TABLE = typer.Option(
    exists=True,
    dir_okay=False,
    help=say(
        "CSV oder XLSX: ein Auftrag je Zeile; der Satz nennt Spalten wie {number}.",
        "CSV or XLSX: one job per row; the sentence names columns like {number}.",
    ),
)
_PLAN = typer.Option(
    help=say("Statt eines Satzes: der Hash eines gezeigten Plans.", "In place of a sentence: a shown plan's hash.")
)
_KEY = typer.Option(help=say("Spalte, die Zeilen unterscheidet.", "The column that tells rows apart."))


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
    with collecting_nothing():
        from scheduler.main import check_start, serve  # noqa: PLC0415 - only this command needs the whole service

    settings = given_settings()
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update={"api": settings.api.model_copy(update=changes)})
    try:
        check_start(settings)
    except (ValueError, OSError) as error:
        raise leave(USAGE, error) from error
    try:
        ended_well = serve(settings, lambda url: err.print(say("CPA läuft auf", "CPA is up at"), url, highlight=False))
    except SettingError as error:  # somebody else has the address
        raise leave(FAILED, error) from error
    if not ended_well:
        raise typer.Exit(FAILED)


@app.command(
    help=say(
        "Einen weiteren Arbeiter starten, ohne API, am selben Speicher.",
        "Start one more worker, without an API, on the same store.",
    )
)
def worker(
    concurrency: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            help=say(
                "Aufträge zugleich, sonst CPA_WORKER_CONCURRENCY.",
                "Jobs at the same time, else CPA_WORKER_CONCURRENCY.",
            ),
        ),
    ] = None,
) -> None:
    with collecting_nothing():
        from scheduler.container import check_settings  # noqa: PLC0415 - as above
        from scheduler.work_alone import work  # noqa: PLC0415 - as above

    settings = given_settings()
    if concurrency is not None:
        changed = settings.worker.model_copy(update={"concurrency": concurrency})
        settings = settings.model_copy(update={"worker": changed})
    try:
        check_settings(settings)
    except (ValueError, OSError) as error:
        raise leave(USAGE, error) from error
    if not work(settings, lambda: err.print(say("Der Arbeiter läuft.", "The worker is up."), highlight=False)):
        raise typer.Exit(FAILED)


@app.command(help=say("Einen Satz erledigen lassen und zusehen.", "Have a sentence done, and watch."))
def run(
    sentence: Annotated[str, SENTENCE] = "",
    plan: Annotated[str | None, _PLAN] = None,
    file: Annotated[list[Path] | None, _FILE] = None,
    table: Annotated[Path | None, _TABLE] = None,
    key: Annotated[str | None, _KEY] = None,
    detach: Annotated[bool, typer.Option("--detach", help=say("Nicht zusehen.", "Do not watch."))] = False,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            help=say(
                "Erst dann beginnen und nicht zusehen: 09:30, 2026-03-02 09:30, +2h.",
                "Begin then, and do not watch: 09:30, 2026-03-02 09:30, +2h.",
            ),
        ),
    ] = None,
    unique: Annotated[bool, UNIQUE] = False,
    unique_key: Annotated[str | None, UNIQUE_KEY] = None,
) -> None:
    if bool(plan) == bool(sentence) or (plan and (file or table)):
        raise leave(USAGE, ValueError(say("Entweder ein Satz oder --plan.", "Either a sentence or --plan.")))
    order: dict[str, Any] = {"plan": plan} if plan else {"text": sentence_given(sentence)}
    order |= unique_order(unique=unique, key=unique_key)
    if at is not None:
        order["start_at"] = _moment(at).isoformat()
    if (file or table) and at is not None:
        said = say("--at geht nicht mit --file oder --table.", "--at takes no --file or --table.")
        raise leave(USAGE, ValueError(said))
    if file and table:
        raise leave(USAGE, ValueError(say("Entweder --file oder --table.", "Either --file or --table.")))
    if table is not None:
        _run_table(table, as_form(order) | ({} if key is None else {"key": key}), detach=detach)
        return
    with service() as client:
        once = {"Idempotency-Key": uuid.uuid4().hex}
        files = [("files", (path.name, path.read_bytes())) for path in file or []]
        body: dict[str, Any] = {"data": as_form(order), "files": files} if files else {"json": order}
        job = client.call("POST", "/schedule", headers=once, **body)
        _show_accepted(job)
        if job["questions"]:
            views.show_questions(out, job["questions"])
            if detach or not sys.stdin.isatty():
                out.print(say("Antworten:", "To answer:"), f"cpa answer {views.escape(job['job_id'])}", highlight=False)
                raise typer.Exit(WAITS)
            job = answers.ask(client, job["job_id"], job["questions"])
        if job["not_before"] is None and not detach:
            watch(client, job["job_id"], asked=answers.when_asked)


def _show_accepted(job: dict[str, Any]) -> None:
    out.print(*views.accepted(job), highlight=False)
    if job["way"]:
        out.print(plan_views.understood(job), highlight=False, soft_wrap=True)
    if job["not_before"] is not None:
        out.print(say("beginnt", "begins"), views.moment(job["not_before"]), highlight=False)


def _run_table(table: Path, fields: Mapping[str, str], *, detach: bool) -> None:
    from scheduler.cli import tables  # noqa: PLC0415 - it knows Excel, which takes long to import

    with service() as client:
        rows = tables.submit(client, table, fields)
        if detach:
            for row in rows:
                out.print(f"{row['row']}  {views.escape(row['job_id'] or row['problem']['detail'])}", highlight=False)
            return
        told = tables.watch_rows(client, rows)
    path = tables.write_result(table, told)
    for row in told:
        if row["state"] != "done":
            line = f"{say('Zeile', 'row')} {row['row']}: {row['sentence']}"
            out.print(views.escape(line), highlight=False, soft_wrap=True)
    out.print(say("Ergebnis:", "result:"), views.escape(str(path)), highlight=False, soft_wrap=True)
    if any(row["state"] != "done" for row in told):
        raise typer.Exit(FAILED)


def _moment(text: str) -> datetime:
    try:
        return moment_of(text, datetime.now().astimezone())
    except ValueError as error:
        raise leave(USAGE, error) from error


@app.command(help=say("Aufträge auflisten, die neuesten zuerst.", "List jobs, newest first."))
def jobs(
    limit: Annotated[int, typer.Option(min=1, max=200, help=say("Wie viele.", "How many."))] = 20,
    status: Annotated[
        list[str] | None,
        typer.Option(help=say("Nur mit diesem Stand; mehrfach möglich.", "Only with this; repeatable.")),
    ] = None,
    intent: Annotated[str | None, typer.Option(help=say("Nur mit diesem Vorhaben.", "Only with this intent."))] = None,
    since: Annotated[str | None, typer.Option(help=say("Angelegt ab (ISO 8601).", "Created from (ISO 8601)."))] = None,
    until: Annotated[
        str | None, typer.Option(help=say("Angelegt vor (ISO 8601).", "Created before (ISO 8601)."))
    ] = None,
    text: Annotated[str | None, typer.Option(help=say("Nur mit diesen Wörtern.", "Only with these words."))] = None,
    cursor: Annotated[str | None, typer.Option(help=say("Weiter nach dieser Seite.", "Go on after this page."))] = None,
    tenant: Annotated[str | None, TENANT] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    given = {"status": status, "intent": intent, "since": since, "until": until, "text": text}
    given |= {"cursor": cursor, "tenant": tenant}
    with service(operator=tenant is not None) as client:
        page = client.jobs(limit, {name: value for name, value in given.items() if value})
    if as_json:
        print_json(page)
    else:
        views.show_jobs(out, page)


@app.command(help=say("Einen Auftrag mit Schritten und Verlauf zeigen.", "Show a job with its steps and timeline."))
def job(job_id: Annotated[str, _JOB], as_json: Annotated[bool, JSON] = False) -> None:
    with service() as client:
        detail = client.call("GET", job_path(job_id))
        events = client.timeline(job_id)
    if as_json:
        print_json(detail | {"events": events})
        return
    views.show_job(out, detail)
    if detail["job"]["way"]:
        out.print(plan_views.understood(detail["job"]), highlight=False, soft_wrap=True)
    for event in events:
        views.show_event(out, event)


@app.command(help=say("Einen Auftrag abbrechen.", "Cancel a job."))
def cancel(job_id: Annotated[str, _JOB]) -> None:
    with service() as client:
        answer = client.call("DELETE", job_path(job_id))
    out.print(views.escape(answer["status"]))


@app.command(help=say("Einen fehlgeschlagenen Auftrag wiederholen.", "Retry a job that failed."))
def retry(
    job_id: Annotated[str, _JOB],
    detach: Annotated[bool, typer.Option("--detach", help=say("Nicht zusehen.", "Do not watch."))] = False,
) -> None:
    with service() as client:
        earlier = client.timeline(job_id)
        client.call("POST", f"{job_path(job_id)}/retry")
        if not detach:
            watch(client, job_id, earlier[-1]["seq"] if earlier else 0, answers.when_asked)


@app.command(
    help=say(
        "Werkzeuge für KI-Programme: dieses CPA als MCP-Server über Standardein- und -ausgabe.",
        "Tools for AI programs: this CPA as an MCP server over standard input and output.",
    )
)
def mcp() -> None:
    from scheduler.bridges.mcp_transports import serve_stdio  # noqa: PLC0415 - its library takes long to import

    with service() as client:
        asyncio.run(serve_stdio(client.url, client.headers, trust_env=not client.is_here))


@app.command(help=say("Zeigen, was da ist und was fehlt.", "Show what is there and what is missing."))
def doctor() -> None:
    from scheduler.cli import doctor as medicine  # noqa: PLC0415 - it knows the browser, which takes long to import

    findings = medicine.examine(given_settings())
    for finding in findings:
        mark = "[green]✔[/]" if finding.good else "[red]✘[/]" if finding.needed else "[yellow]–[/]"
        out.print(f"{mark} {finding.name}: {views.escape(finding.detail)}", highlight=False, soft_wrap=True)
        if not finding.good and finding.advice:
            out.print(f"    → {finding.advice}", highlight=False, markup=False, soft_wrap=True)
    if any(finding.needed and not finding.good for finding in findings):
        raise typer.Exit(FAILED)


@app.command(help=say("Beantworten, was ein Auftrag fragt.", "Answer what a job asks."))
def answer(
    job_id: Annotated[str, _JOB],
    given: Annotated[
        list[str] | None,
        typer.Argument(
            help=say(
                "Die Antwort, oder Schlüssel=Antwort für jede Frage; „-“ liest sie von der Standardeingabe. "
                "Ohne wird gefragt.",
                "The answer, or key=answer for each question; “-” reads standard input. Without, you are asked.",
            ),
            show_default=False,
        ),
    ] = None,
) -> None:
    with service() as client:
        questions = client.call("GET", job_path(job_id))["job"]["questions"]
        if given:
            answers.give(client, job_id, answers.read(questions, [sentence_given(words) for words in given]))
        elif questions:
            answers.ask(client, job_id, questions)
        else:
            raise leave(USAGE, ValueError(say("Bitte die Antwort angeben.", "Please give the answer.")))
    out.print(say("Angekommen; der Auftrag geht weiter.", "Received; the job goes on."))


@app.command(help=say("Alle Aktionen zeigen, die ein Plan enthalten kann.", "Show all actions a plan may have."))
def actions(
    as_json: Annotated[bool, JSON] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help=say("Als Seite docs/ACTIONS.md.", "As the page docs/ACTIONS.md."))
    ] = False,
    of_agents: Annotated[
        bool,
        typer.Option(
            "--agents",
            help=say("Auch die der Agenten; fragt den Dienst.", "Those that agents bring, too; asks the service."),
        ),
    ] = False,
) -> None:
    from scheduler.cli import actions as catalog  # noqa: PLC0415 - it knows every adapter, which take long to import

    try:
        known, policy = catalog.known_actions(given_settings())
    except (ValueError, OSError) as error:
        raise leave(USAGE, error) from error
    if of_agents:
        with service() as client:
            known = catalog.with_offered(known, client.call("GET", "/agents")["agents"])
    if as_json:
        print_json(catalog.as_json(known, policy))
    elif as_markdown:
        out.out(catalog.as_markdown(known, policy), end="", highlight=False)
    else:
        out.print(catalog.as_table(known, policy))


app.command(help=spending.HELP)(spending.spending)
app.command(help=say("Zählen, was in der Warteschlange ist.", "Count what is in the queue."))(queue.queue)
app.add_typer(plans.app, name="plan")
app.add_typer(agent.app, name="agent")
app.add_typer(sites.app, name="site")
app.add_typer(secrets.app, name="secret")
app.add_typer(schedules.app, name="schedules")
app.add_typer(dead.app, name="dead")
app.add_typer(agents.app, name="agents")
app.add_typer(database.app, name="db")
app.add_typer(graph.app, name="graph")
app.add_typer(contacts.app, name="contacts")
app.add_typer(intents.app, name="intents")
