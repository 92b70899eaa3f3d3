"""How schedules and their firings look in a terminal."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from scheduler.cli.views import escape
from scheduler.cli.words import say

_STATUS = {
    "active": "[green]●[/]",
    "paused": "[yellow]‖[/]",
    "ended": "[dim]■[/]",
}
_FIRINGS = {
    "fired": ("[green]ausgelöst[/]", "[green]fired[/]"),
    "failed": ("[red]fehlgeschlagen[/]", "[red]failed[/]"),
    "skipped": ("[yellow]ausgelassen, einer davon lief noch[/]", "[yellow]skipped, one of them still ran[/]"),
    "missed": ("[yellow]verpasst[/]", "[yellow]missed[/]"),
}


def show_schedules(console: Console, page: Mapping[str, Any]) -> None:
    """Show a list of schedules."""
    table = Table(box=None, pad_edge=False)
    for title in ("", "name", say("wann", "when"), say("als Nächstes", "next"), say("Auftrag", "request")):
        table.add_column(title, overflow="fold")
    for schedule in page["schedules"]:
        error = f"\n[red]{escape(schedule['last_error'])}[/]" if schedule["last_error"] else ""
        definition = schedule["definition"]
        table.add_row(
            _STATUS.get(schedule["status"], ""),
            escape(definition["name"]),
            _rhythm(definition),
            _in_its_zone(schedule["next_fire"]),
            _work(definition) + error,
        )
    console.print(table)
    console.print(say(f"[dim]{page['total']} Zeitpläne[/]", f"[dim]{page['total']} schedules[/]"))


def show_schedule(console: Console, schedule: Mapping[str, Any]) -> None:
    """Show one schedule and when it fires next."""
    definition = schedule["definition"]
    mark = _STATUS.get(schedule["status"], "")
    console.print(f"{mark} [bold]{escape(definition['name'])}[/]  [dim]{escape(schedule['id'])}[/]", highlight=False)
    console.print(_work(definition), highlight=False)
    console.print(f"{_rhythm(definition)}  [dim]{escape(schedule['status'])}[/]", highlight=False)
    if schedule["last_error"]:
        console.print(f"[red]{escape(schedule['last_error'])}[/]", highlight=False)
    show_moments(console, schedule["upcoming"])


def show_moments(console: Console, moments: Iterable[str]) -> None:
    """Show when a schedule fires, one line each, in its own zone."""
    for moment in moments:
        console.print(f"  → {_in_its_zone(moment)}", highlight=False)


def show_firings(console: Console, firings: Iterable[Mapping[str, Any]]) -> None:
    """Show what became of firings, newest first."""
    for firing in firings:
        data = firing["data"]
        words = say(*_FIRINGS[firing["type"]]) if firing["type"] in _FIRINGS else escape(firing["type"])
        when = datetime.fromisoformat(firing["moment"] or firing["at"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        count = f" ×{data['count']}" if "count" in data else ""
        about = escape(str(firing["job_id"] or data.get("error", "")))
        console.print(f"[dim]{when}[/] {words}{count} {about}".rstrip(), highlight=False, soft_wrap=True)


def _rhythm(definition: Mapping[str, Any]) -> str:
    if definition["cron"] is not None:
        return escape(f"{definition['cron']} ({definition['timezone']})")
    seconds = f"{definition['every_seconds']:g}"
    return say(f"alle {seconds} s", f"every {seconds} s")


def _work(definition: Mapping[str, Any]) -> str:
    return escape(definition["text"] or definition["description"] or definition["intent"] or "task_graph")


def _in_its_zone(text: str | None) -> str:
    return "–" if text is None else datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S %z")
