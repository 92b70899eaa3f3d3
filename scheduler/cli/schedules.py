"""The commands of `cpa schedules`: orders that come again."""

import json
import sys
import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from scheduler.cli import schedule_views, views
from scheduler.cli.session import (
    JSON,
    UNIQUE,
    UNIQUE_KEY,
    USAGE,
    leave,
    out,
    print_json,
    sentence_given,
    service,
    unique_order,
)
from scheduler.cli.times import UnreadableTimeError, duration_of, local_zone, moment_of
from scheduler.cli.words import say
from scheduler.core.schedules import CatchUp, Overlap
from scheduler.core.sentences import Sentence

app = typer.Typer(
    no_args_is_help=True,
    help=say("Zeitpläne: Aufträge, die wiederkehren.", "Schedules: orders that come again."),
)

_NAMED = typer.Argument(help=say("Name oder Kennung des Zeitplans.", "Name or id of the schedule."), show_default=False)

_Name = Annotated[str, typer.Argument(help=say("Name des Zeitplans.", "Name of the schedule."), show_default=False)]
_Sentence = Annotated[
    str | None,
    typer.Argument(
        help=say("Was erledigt werden soll; „-“: Standardeingabe.", "What is to be done; “-”: standard input."),
        show_default=False,
    ),
]
_Cron = Annotated[
    str | None, typer.Option(help=say("Minute Stunde Tag Monat Wochentag.", "Minute hour day month weekday."))
]
_Every = Annotated[str | None, typer.Option(help=say("Abstand: 90s, 15m, 2h, 1d.", "Interval: 90s, 15m, 2h, 1d."))]
_Zone = Annotated[
    str | None, typer.Option(help=say("Zeitzone; sonst die dieses Rechners.", "Time zone, else that of this machine."))
]
_Start = Annotated[
    str | None, typer.Option(help=say("Erst ab dann: 09:30, 2026-03-02 09:30, +2h.", "Not before: 09:30, +2h ..."))
]
_Until = Annotated[str | None, typer.Option(help=say("Nur bis dann.", "Not after then."))]
_CatchUp = Annotated[
    CatchUp,
    typer.Option(help=say("Verpasstes auslassen, einmal, ganz nachholen.", "Missed ones: skip, once for all, or all.")),
]
_Overlap = Annotated[
    Overlap,
    typer.Option(
        help=say("Läuft der letzte Auftrag noch: trotzdem oder auslassen.", "Last job still runs: allow or skip.")
    ),
]
_Order = Annotated[
    Path | None,
    typer.Option(
        help=say("Statt eines Satzes: JSON mit intent oder task_graph.", "Instead: JSON with an intent or task_graph.")
    ),
]
_DryRun = Annotated[
    bool, typer.Option("--dry-run", help=say("Nur die nächsten Zeitpunkte zeigen.", "Only show the next moments."))
]


@app.command("list", help=say("Zeitpläne auflisten.", "List schedules."))
def list_all(
    limit: Annotated[int, typer.Option(min=1, max=200, help=say("Wie viele.", "How many."))] = 50,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    with service() as client:
        page = client.call("GET", "/schedules", params={"limit": limit})
    if as_json:
        print_json(page)
    else:
        schedule_views.show_schedules(out, page)


@app.command(
    help=say(
        "Einen Satz nach Kalender (--cron) oder in festem Abstand (--every) erledigen lassen.",
        "Have a sentence done by the calendar (--cron) or at an interval (--every).",
    )
)
def add(
    name: _Name,
    sentence: _Sentence = None,
    cron: _Cron = None,
    every: _Every = None,
    zone: _Zone = None,
    start: _Start = None,
    until: _Until = None,
    catch_up: _CatchUp = CatchUp.ONCE,
    overlap: _Overlap = Overlap.ALLOW,
    order: _Order = None,
    dry_run: _DryRun = False,
    unique: Annotated[bool, UNIQUE] = False,
    unique_key: Annotated[str | None, UNIQUE_KEY] = None,
) -> None:
    timing = _timing(cron, every, zone, start, until)
    work = {} if dry_run else _work(sentence, order)
    policies = {"catch_up": catch_up.value, "overlap": overlap.value, **unique_order(unique=unique, key=unique_key)}
    with service() as client:
        if dry_run:
            schedule_views.show_moments(out, client.call("POST", "/schedules/preview", json=timing)["moments"])
            return
        made = client.call("POST", "/schedules", json={**work, **policies, **timing, "name": name})
    schedule_views.show_schedule(out, made)


def _timing(
    cron: str | None, every: str | None, zone: str | None, start: str | None, until: str | None
) -> dict[str, Any]:
    """Return what the options say of time. Raises typer.Exit."""
    now = datetime.now().astimezone()
    try:
        given = {
            "cron": cron,
            "every_seconds": every and duration_of(every).total_seconds(),
            "start_at": start and moment_of(start, now).isoformat(),
            "until": until and moment_of(until, now).isoformat(),
            "timezone": zone or local_zone(),
        }
    except UnreadableTimeError as error:
        raise leave(USAGE, error) from error
    return {name: value for name, value in given.items() if value is not None}


def _work(sentence: str | None, order: Path | None) -> dict[str, Any]:
    """Return what is to be done. Raises typer.Exit."""
    if (sentence is None) == (order is None):
        raise leave(USAGE, _UsageError("Bitte einen Satz oder --order angeben.", "Please give a sentence or --order."))
    if order is None:
        return {"text": sentence_given(sentence or "")}
    try:
        work = json.loads(sys.stdin.read() if str(order) == "-" else order.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise leave(USAGE, error) from error
    if not isinstance(work, dict):
        raise leave(USAGE, _UsageError(f"{order} enthält kein JSON-Objekt.", f"{order} holds no JSON object."))
    return work


class _UsageError(ValueError):
    def __init__(self, de: str, en: str) -> None:
        super().__init__(en)
        self.said = Sentence(de, en)


@app.command(help=say("Einen Zeitplan mit seinen letzten Terminen zeigen.", "Show a schedule and its last firings."))
def show(named: Annotated[str, _NAMED], as_json: Annotated[bool, JSON] = False) -> None:
    with service() as client:
        schedule = client.call("GET", _path(named))
        firings = client.call("GET", f"{_path(named)}/firings", params={"limit": 20})["firings"]
    if as_json:
        print_json(schedule | {"firings": firings})
        return
    schedule_views.show_schedule(out, schedule)
    schedule_views.show_firings(out, firings)


@app.command(help=say("Anhalten, bis er fortgesetzt wird.", "Pause until it is resumed."))
def pause(named: Annotated[str, _NAMED]) -> None:
    with service() as client:
        schedule_views.show_schedule(out, client.call("POST", f"{_path(named)}/pause"))


@app.command(help=say("Fortsetzen; Ausgelassenes wird nicht nachgeholt.", "Resume; nothing is made up for."))
def resume(named: Annotated[str, _NAMED]) -> None:
    with service() as client:
        schedule_views.show_schedule(out, client.call("POST", f"{_path(named)}/resume"))


@app.command(help=say("Entfernen; seine Aufträge bleiben.", "Remove; its jobs stay."))
def remove(named: Annotated[str, _NAMED]) -> None:
    with service() as client:
        client.call("DELETE", _path(named))
    out.print(say("entfernt", "removed"))


@app.command(help=say("Jetzt einmal auslösen, außer der Reihe.", "Fire once now, out of turn."))
def fire(named: Annotated[str, _NAMED]) -> None:
    with service() as client:
        job = client.call("POST", f"{_path(named)}/fire", headers={"Idempotency-Key": uuid.uuid4().hex})
    out.print(*views.accepted(job), highlight=False)


def _path(named: str) -> str:
    return f"/schedules/{quote(named, safe='') or '-'}"
