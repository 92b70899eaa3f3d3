"""How plans, jobs and their progress look in a terminal."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from rich.console import Console
from rich.markup import escape as without_markup
from rich.table import Table

from scheduler.cli.results import latest_evidence, lines_of
from scheduler.cli.words import say

_MARKS = {
    "pending": "·",
    "running": "▶",
    "verifying": "?",
    "waiting": "…",
    "cancelling": "◼",
    "done": "[green]✔[/]",
    "failed": "[red]✘[/]",
    "skipped": "[dim]–[/]",
    "cancelled": "[yellow]◼[/]",
}
_CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0)) if code != 0x0A}
_LINES = {
    "job_accepted": ("angenommen", "accepted"),
    "job_started": ("begonnen", "started"),
    "job_resumed": ("wieder aufgenommen", "resumed"),
    "job_handed_back": ("zurückgelegt", "handed back"),
    "question": ("[yellow]fragt nach[/]", "[yellow]asks[/]"),
    "answered": ("beantwortet", "answered"),
    "unanswered": ("[yellow]niemand hat geantwortet[/]", "[yellow]nobody has answered[/]"),
    "job_parked": ("wartet", "waiting"),
    "repair_suggested": ("[yellow]Rat[/]", "[yellow]advice[/]"),
    "job_deferred": ("wartet bis zum nächsten Versuch", "waits for the next attempt"),
    "job_cancel_requested": ("Abbruch gewünscht", "cancellation requested"),
    "job_retried": ("neuer Lauf", "next run"),
    "job_done": ("[green]erledigt[/]", "[green]done[/]"),
    "job_failed": ("[red]fehlgeschlagen[/]", "[red]failed[/]"),
    "job_cancelled": ("[yellow]abgebrochen[/]", "[yellow]cancelled[/]"),
    "task_started": ("▶", "▶"),
    "task_verifying": ("? wird nachgesehen", "? looking whether it happened"),
    "task_retry_scheduled": ("↻ noch einmal", "↻ again"),
    "task_expanded": ("⋯ für jedes Element", "⋯ for each element"),
    "task_asks": ("[yellow]? fragt nach[/]", "[yellow]? asks[/]"),
    "task_done": ("[green]✔[/]", "[green]✔[/]"),
    "task_failed": ("[red]✘[/]", "[red]✘[/]"),
    "task_skipped": ("[dim]– ausgelassen[/]", "[dim]– skipped[/]"),
    "task_cancelled": ("[yellow]◼ abgebrochen[/]", "[yellow]◼ cancelled[/]"),
}


def escape(text: str) -> str:
    """Return text of somebody else so that it is shown as it is: no markup, no commands to the terminal."""
    return without_markup(text.translate(_CONTROLS))


def accepted(job: Mapping[str, Any]) -> tuple[str, ...]:
    """Say which job an order has brought, or which one was there already."""
    there = (
        say("Den Auftrag gibt es schon:", "this job is there already:") if job["existing"] else say("Auftrag", "job")
    )
    return there, escape(job["job_id"])


def show_event(console: Console, event: Mapping[str, Any]) -> None:
    """Print one line of a timeline."""
    data = event["data"]
    words = say(*_LINES[event["type"]]) if event["type"] in _LINES else escape(event["type"])
    parts = [f"[dim]{_clock(event['at'])}[/]", words]
    if event["task_id"]:
        parts.append(f"{escape(event['task_id'])} [cyan]{escape(str(data.get('action', '')))}[/]")
    if event["type"] == "task_done" and data.get("verified"):
        parts.append(say("[dim]geprüft[/]", "[dim]verified[/]"))
    if event["type"] == "task_retry_scheduled":
        parts.append(f"[dim]{escape(str(data.get('why', '')))}[/]")
    if data.get("suggestion"):
        parts.append(f"[dim]{escape(str(data['outcome']))}[/]\n         {escape(str(data['suggestion']))}")
    if data.get("error"):
        parts.append(f"\n         {escape(str(data['error']))}")
    console.print(" ".join(parts), highlight=False)


def show_job(console: Console, detail: Mapping[str, Any]) -> None:
    """Show a job with its tasks, what they gave, its pictures and its files."""
    job = detail["job"]
    console.print(f"[bold]{escape(job['description'] or job['intent'])}[/]", highlight=False)
    run = say(f"Lauf {job['run']}", f"run {job['run']}")
    console.print(f"{_MARKS.get(job['status'], '')} {escape(job['status'])}  [dim]{escape(job['job_id'])}  {run}[/]")
    if job.get("not_before") and job["status"] == "pending":
        console.print(say("beginnt", "begins"), moment(job["not_before"]), highlight=False)
    if job["error"]:
        console.print(f"[red]{escape(job['error'])}[/]")
    show_questions(console, job.get("questions", ()))
    if job.get("questions"):
        console.print(say("Antworten:", "To answer:"), f"cpa answer {escape(job['job_id'])}", highlight=False)
    table = Table(box=None, pad_edge=False)
    for title in (
        "",
        say("Schritt", "step"),
        say("Aktion", "action"),
        say("Versuche", "attempts"),
    ):
        table.add_column(title, overflow="fold")
    for task in detail["tasks"]:
        mark, share = _MARKS.get(task["status"], ""), task.get("progress")
        mark += "" if share is None else f" {share:.0%}"
        table.add_row(mark, escape(task["task_id"]), escape(task["action"]), str(task["attempts"]))
    console.print(table)
    lines = [line for task in detail["tasks"] for line in lines_of(task)]
    lines += [f"{kind}: {path}" for task in detail["tasks"] for kind, path in latest_evidence(task["evidence"])]
    lines += [f"{say('Datei', 'file')}: {unquote(artifact)}" for artifact in detail["artifacts"]]
    for line in lines:  # a path in two lines could not be copied
        console.print(escape(line), highlight=False, soft_wrap=True)


def show_jobs(console: Console, page: Mapping[str, Any]) -> None:
    """Show a list of jobs."""
    table = Table(box=None, pad_edge=False)
    for title in ("", "id", say("angelegt", "created"), say("Auftrag", "request")):
        table.add_column(title, overflow="fold", no_wrap=title == "id")
    for job in page["jobs"]:
        words = escape(job["description"] or job["intent"])
        error = f"\n[red]{escape(job['error'])}[/]" if job["error"] else ""
        table.add_row(_MARKS.get(job["status"], ""), escape(job["job_id"]), moment(job["created_at"]), words + error)
    console.print(table)
    about = say("etwa ", "about ") if page["total_is_estimate"] else ""
    console.print(say(f"[dim]{about}{page['total']} Aufträge[/]", f"[dim]{about}{page['total']} jobs[/]"))
    if page["next_cursor"]:
        console.print(f"[dim]{say('weiter', 'more')}: --cursor {escape(page['next_cursor'])}[/]", soft_wrap=True)


def _clock(text: str) -> str:
    return datetime.fromisoformat(text).astimezone().strftime("%H:%M:%S")


def moment(text: str) -> str:
    """Return a time as people here read it."""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")


def show_questions(console: Console, questions: Sequence[dict[str, Any]]) -> None:
    """Print what is asked, with the choices and the keys by which it is answered."""
    for question in questions:
        key = escape(f"[{question['key']}]")
        console.print(f"[yellow]?[/] {escape(question['text'])}  [dim]{key}[/]", highlight=False, soft_wrap=True)
        for number, choice in enumerate(question["choices"], 1):
            console.print(f"    {number}  {escape(choice['label'])}", highlight=False, soft_wrap=True)
