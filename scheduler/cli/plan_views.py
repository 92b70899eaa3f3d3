"""How plans look in a terminal before they run, and what is other in one than in another."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.tree import Tree

from scheduler.cli.views import escape, moment
from scheduler.cli.words import say

_RISKS = {"low": "[dim]{}[/]", "medium": "[yellow]{}[/]", "high": "[red]{}[/]"}
WAYS = {
    "rules": ("Regeln", "rules"),
    "learned": ("Beispiele", "examples"),
    "llm": ("Sprachmodell", "language model"),
    "given": ("vorgegeben", "given"),
}


def show_plan(console: Console, plan: Mapping[str, Any]) -> None:
    """Draw a plan as a tree of the groups that run together, with reasons, risk and estimate."""
    steps = {step["id"]: step for step in plan["steps"]}
    tasks = {task["id"]: task for task in plan["task_graph"]["tasks"]}
    slots = ", ".join(f"{name} = {value}" for name, value in plan["slots"].items())
    tree = Tree(f"[bold]{escape(plan['intent'])}[/]  [dim]{escape(slots)}[/]")
    for slot in plan["typed"]:
        value = slot["value"] if slot["value"] is not None else " | ".join(slot["may_be"]) or "?"
        if value != slot["words"]:
            tree.add(f"[dim]{escape(slot['name'])}: {escape(slot['words'])} → {escape(str(value))}[/]")
    for number, batch in enumerate(plan["batches"], start=1):
        branch = tree.add(f"[dim]{number}[/]") if len(batch) > 1 else tree
        for task_id in batch:
            branch.add(_step(steps[task_id], tasks[task_id]))
    console.print(tree, highlight=False)
    console.print(understood(plan), highlight=False, soft_wrap=True)
    for text in plan["overlooked"]:
        console.print(say("nichts zu tun bei:", "nothing to do about:"), escape(text), highlight=False, soft_wrap=True)
    console.print(f"{say('Risiko', 'risk')}: {_risk(plan['risk'])}   {_estimate(plan['estimate'])}", highlight=False)
    for lack in plan["lacking"]:
        names, text = escape(", ".join(lack["steps"])), escape(lack["text"])
        console.print(f"[red]{say('fehlt für', 'lacking for')} {names}:[/] {text}", highlight=False, soft_wrap=True)
    if plan["unseen"]:
        unseen = escape(", ".join(plan["unseen"]))
        console.print(f"[yellow]{say('bitte ansehen', 'please look at')}:[/] {unseen}", highlight=False, soft_wrap=True)
    version = f"[dim]{say('Fassung', 'version')} {plan['version']}[/] " if plan["version"] > 1 else ""
    console.print(f"{version}cpa run --plan {plan['plan_hash']}", highlight=False, soft_wrap=True)
    console.print(f"[dim]{say('gilt bis', 'kept until')} {moment(plan['expires_at'])}[/]", highlight=False)
    if plan["changes"] is not None:
        show_diff(console, plan["changes"])


def understood(job: Mapping[str, Any]) -> str:
    """Return as what a request was understood, by which way, how surely, and why."""
    way = escape(say(*WAYS.get(job["way"], (job["way"], job["way"]))))
    how = f"{say('durch', 'by')} {way}, {job['confidence']:.0%}: {escape(job['why'])}"
    return f"[dim]{say('verstanden als', 'understood as')} {escape(job['intent'])} {how}[/]"


def show_diff(console: Console, diff: Mapping[str, Any]) -> None:
    """Print what is other: steps that came and went, values before and after."""
    if not (diff["added"] or diff["removed"] or diff["changed"]):
        console.print(say("Kein Unterschied.", "No difference."))
    for step in diff["removed"]:
        console.print(f"[red]- {escape(step)}[/]", highlight=False)
    for step in diff["added"]:
        console.print(f"[green]+ {escape(step)}[/]", highlight=False)
    for change in diff["changed"]:
        old, new = (escape(_value(change.get(side))) for side in ("before", "after"))
        console.print(f"~ {escape(change['path'])}: [red]{old}[/] → [green]{new}[/]", highlight=False, soft_wrap=True)


def _value(value: object) -> str:
    return "–" if value is None else str(value)


def _step(step: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    reason = f"  [dim]{escape(step['reason'])}[/]" if step["reason"] else ""
    seconds = "" if step["seconds"] is None else f"  [dim]{_duration(step['seconds'])}[/]"
    risk = "" if step["risk"] == "low" else f"  {_risk(step['risk'])}"
    return f"{escape(step['id'])}  [cyan]{escape(step['action'])}[/]{_provisos(task)}{risk}{seconds}{reason}"


def _provisos(task: Mapping[str, Any]) -> str:
    """Return when, and for what, a step is done."""
    parts = []
    if task.get("for_each") is not None:
        each = task["for_each"]
        what = each if isinstance(each, str) else say(f"{len(each)} Werte", f"{len(each)} values")
        parts.append(say(f"für jedes aus {what}", f"for each of {what}"))
    if task.get("when"):
        parts.append(say(f"nur wenn {task['when']}", f"only if {task['when']}"))
    return "".join(f"  [yellow]{escape(part)}[/]" for part in parts)


def _risk(risk: str) -> str:
    words = {"low": ("gering", "low"), "medium": ("mittel", "medium"), "high": ("hoch", "high")}
    return _RISKS[risk].format(say(*words[risk]))


def _estimate(estimate: Mapping[str, Any]) -> str:
    unknown, spent = say("unbekannt", "unknown"), estimate["spent"]
    seconds = unknown if estimate["seconds"] is None else f"≈ {_duration(estimate['seconds'])} ({estimate['runs']}×)"
    money = unknown if spent["money"] is None else f"{spent['money']:.4f} {escape(estimate['currency'])}"
    calls = f"{spent['calls']}, {money}" if spent["calls"] else "0"
    more = unknown if estimate["calls_expected"] is None else str(estimate["calls_expected"])
    asked = say(f"Modell gefragt: {calls}; beim Lauf: {more}", f"model asked: {calls}; when it runs: {more}")
    return f"{say('Dauer', 'takes')}: {seconds}   {asked}"


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"
