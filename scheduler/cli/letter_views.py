"""How dead letters look in a terminal."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from rich.console import Console
from rich.table import Table

from scheduler.cli.results import evidence_kind
from scheduler.cli.views import escape, moment, show_event
from scheduler.cli.words import say


def show_letters(console: Console, page: Mapping[str, Any]) -> None:
    """Show a list of dead letters."""
    table = Table(box=None, pad_edge=False)
    table.add_column("id", no_wrap=True)  # to be copied
    for title in (say("gescheitert", "failed"), "code", say("Auftrag", "request")):
        table.add_column(title, overflow="fold")
    for letter in page["letters"]:
        words = escape(letter["description"] or letter["intent"])
        error = f"\n[red]{escape(letter['error'])}[/]" if letter["error"] else ""
        table.add_row(escape(letter["job_id"]), moment(letter["at"]), escape(letter["code"]), words + error)
    console.print(table)
    total = say(f"{page['total']} liegengebliebene Aufträge", f"{page['total']} dead letters")
    console.print(f"[dim]{total}{say(' oder mehr', ' or more') if page['total_is_estimate'] else ''}[/]")
    if page["next_cursor"]:
        console.print(f"[dim]{say('weiter', 'more')}: --cursor {escape(page['next_cursor'])}[/]", soft_wrap=True)


def show_story(console: Console, story: Mapping[str, Any]) -> None:
    """Show why a job failed, where it stopped, its tasks, its files, every run's events and what was done about it."""
    letter = story["letter"]
    console.print(f"[bold]{escape(letter['description'] or letter['intent'])}[/]", highlight=False)
    runs = say(
        f"Lauf {letter['run']}, Plan {story['plan_version']}", f"run {letter['run']}, plan {story['plan_version']}"
    )
    console.print(f"[red]✘[/] {escape(letter['code'])}  [dim]{escape(letter['job_id'])}  {runs}[/]", highlight=False)
    if letter["error"]:
        console.print(f"[red]{escape(letter['error'])}[/]", highlight=False)
    stopped = ", ".join(map(escape, story["stopped_at"])) or "–"
    console.print(f"{say('stehen geblieben bei', 'stopped at')}: {stopped}", highlight=False)
    for task in story["tasks"]:
        _show_task(console, task)
    for artifact in story["artifacts"]:
        console.print(f"{say('Datei', 'file')}: {escape(unquote(artifact))}", highlight=False, soft_wrap=True)
    for event in story["events"]:
        show_event(console, event)
    for entry in story["audit"]:
        if entry["action"] in {"job.corrected", "job.discarded", "job.retried"}:
            _show_entry(console, entry)


def _show_task(console: Console, task: Mapping[str, Any]) -> None:
    parts = [escape(task["status"]), escape(task["task_id"]), f"[cyan]{escape(task['action'])}[/]"]
    console.print("  ".join(parts), highlight=False)
    if task["failure"]:
        failure = task["failure"]
        effect = f"{say('Wirkung', 'effect')}: {escape(failure['effect'])}"
        console.print(
            f"    [red]{escape(failure['code'])}[/] {escape(failure['message'])} [dim]({effect})[/]", highlight=False
        )
    for path in task["evidence"]:
        console.print(f"    {evidence_kind(path)}: {escape(path)}", highlight=False, soft_wrap=True)


def _show_entry(console: Console, entry: Mapping[str, Any]) -> None:
    console.print(
        f"[dim]{moment(entry['timestamp'])}[/] {escape(entry['action'])} {escape(entry['reason'])}", highlight=False
    )
    for change in entry["metadata"].get("changes", ()):
        before, after = (escape(str(change.get(side))) for side in ("before", "after"))
        console.print(f"    {escape(change['path'])}: {before} → {after}", highlight=False)
