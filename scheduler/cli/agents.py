"""The commands of `cpa agents`: who does steps for this service, and what an operator does with them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer
from rich.table import Table

from scheduler.cli import views
from scheduler.cli.client import Client
from scheduler.cli.session import JSON, USAGE, leave, out, print_json, service
from scheduler.cli.times import UnreadableTimeError, duration_of
from scheduler.cli.words import say

app = typer.Typer(
    no_args_is_help=True,
    help=say(
        "Agenten: ansehen, anhalten, aussperren, entfernen, einlassen.",
        "Agents: look, drain, cut off, remove, let in.",
    ),
)
_FEW: Final = 4  # capabilities that a line of the list names
_AGENT = typer.Argument(help=say("Name oder Kennung des Agenten.", "Name or id of the agent."), show_default=False)
_REASON = typer.Option(help=say("Warum; steht im Audit-Log.", "Why; it is kept in the audit log."))
_TYPE = typer.Option(
    "--type",
    help=say("Nur diese Art: web, email, data, desktop_rpa.", "Only this type: web, email, data, desktop_rpa."),
)
_CAPABILITY = typer.Option(help=say("Nur wer das kann: web.click, web.*.", "Only who can do it: web.click, web.*."))
_STATUS = typer.Option(
    help=say(
        "Nur mit diesem Stand: online, busy, draining, offline, quarantined.",
        "Only with this status: online, busy, draining, offline, quarantined.",
    )
)
_COLOURS: Final = {"online": "green", "busy": "yellow", "draining": "yellow", "offline": "dim", "quarantined": "red"}


@app.command("list", help=say("Alle Agenten zeigen.", "List all agents."))
def list_agents(
    type_: Annotated[str | None, _TYPE] = None,
    capability: Annotated[str | None, _CAPABILITY] = None,
    status: Annotated[str | None, _STATUS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    wanted = {"type": type_, "capability": capability, "status": status}
    with service() as client:
        found = client.call("GET", "/agents", params={name: value for name, value in wanted.items() if value})
    if as_json:
        print_json(found)
        return
    table = Table(box=None, pad_edge=False)
    for title in ("name", say("Stand", "status"), say("Aufgaben", "tasks"), say("kann", "can"), say("zuletzt", "last")):
        table.add_column(title, overflow="fold")
    for agent in found["agents"]:
        table.add_row(
            views.escape(agent["name"]),
            _status(agent),
            f"{agent['running']}/{agent['concurrency']}",
            views.escape(_briefly([terms["name"] for terms in agent["capabilities"]])),
            _last(agent),
        )
    out.print(table)
    out.print(f"[dim]{found['total']} {say('Agenten', 'agents')}[/]")


@app.command(help=say("Alles über einen Agenten zeigen.", "Show everything about an agent."))
def show(agent: Annotated[str, _AGENT], as_json: Annotated[bool, JSON] = False) -> None:
    with service() as client:
        found = client.call("GET", _path(client, agent))
    if as_json:
        print_json(found)
        return
    out.print(f"[bold]{views.escape(found['name'])}[/]  {_status(found)}  [dim]{found['agent_id']}[/]", highlight=False)
    lines = {
        say("Adresse", "address"): found["endpoint"] or say("meldet sich selbst", "dials in"),
        say("zuletzt gehört", "last heard of"): _last(found),
        say("Aufgaben", "tasks"): f"{found['running']}/{found['concurrency']}",
        say("Programm", "program"): _program(found["metadata"]),
        say("Merkmale", "tags"): ", ".join(found["tags"]) or "–",
        say("Schlüssel", "keys"): ", ".join(found["keys"]) or say("keiner: bekommt nichts", "none: is given nothing"),
        say("Grund", "reason"): found["reason"] or "–",
    }
    for name, value in lines.items():
        out.print(f"{name}: {views.escape(value)}", highlight=False, soft_wrap=True)
    for terms in found["capabilities"]:
        bounds = {name: terms[name] for name in ("concurrency", "applications", "domains") if terms[name]}
        told = "".join(f"  {name}={value}" for name, value in bounds.items())
        out.print(f"  {views.escape(terms['name'])} {views.escape(terms['version'] + told)}", highlight=False)


@app.command(help=say("Nichts Neues geben; was er hat, macht er fertig.", "Give it nothing new; it ends what it has."))
def drain(agent: Annotated[str, _AGENT], reason: Annotated[str, _REASON] = "") -> None:
    _stand(agent, "drain", reason)


@app.command(help=say("Aussperren: nichts, was er sagt, zählt noch.", "Cut it off: nothing it says counts."))
def quarantine(agent: Annotated[str, _AGENT], reason: Annotated[str, _REASON] = "") -> None:
    _stand(agent, "quarantine", reason)


@app.command(help=say("Wieder arbeiten lassen.", "Let it work again."))
def release(agent: Annotated[str, _AGENT], reason: Annotated[str, _REASON] = "") -> None:
    _stand(agent, "release", reason)


@app.command(
    help=say(
        "Entfernen. Was er gerade tut, ist danach ungewiss.", "Remove it. What it is doing becomes of unknown outcome."
    )
)
def remove(agent: Annotated[str, _AGENT]) -> None:
    with service() as client:
        client.call("DELETE", _path(client, agent))
    out.print(say("Entfernt.", "Removed."))


@app.command(help=say("Eine Eintrittskarte für neue Agenten machen.", "Make a token with which agents may join."))
def enrol(
    uses: Annotated[
        int, typer.Option(min=1, max=10_000, help=say("Für wie viele Agenten.", "For how many agents."))
    ] = 1,
    valid: Annotated[str, typer.Option("--for", help=say("Wie lange: 15m, 2h, 7d.", "How long: 15m, 2h, 7d."))] = "1h",
    types: Annotated[list[str] | None, _TYPE] = None,
    capability: Annotated[list[str] | None, _CAPABILITY] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    try:
        seconds = duration_of(valid) / timedelta(seconds=1)
    except UnreadableTimeError as error:
        raise leave(USAGE, error) from error
    asked = {"uses": uses, "seconds": int(seconds), "types": types or [], "capabilities": capability or []}
    with service() as client:
        made = client.call("POST", "/agents/enrolments", json=asked)
    if as_json:
        print_json(made)
        return
    out.print(made["token"], highlight=False, soft_wrap=True)
    until = views.moment(made["expires_at"])
    words = say(
        f"Gilt bis {until}, {'für einen Agenten' if uses == 1 else f'für {uses} Agenten'}; wird nur jetzt gezeigt.",
        f"Until {until}, for {'one agent' if uses == 1 else f'{uses} agents'}; shown only now.",
    )
    out.print(f"[dim]{words}[/]", highlight=False)


@app.command(
    "add-a2a",
    help=say(
        "Einen fremden A2A-Agenten aufnehmen; seine Fähigkeiten werden Aktionen a2a.NAME.FÄHIGKEIT.",
        "Take in an A2A agent of others; its skills become the actions a2a.NAME.SKILL.",
    ),
)
def add_a2a(
    url: Annotated[str, typer.Argument(help=say("Adresse seiner Karte.", "Address of its card."), show_default=False)],
    name: Annotated[str | None, typer.Option(help=say("Wie er hier heißt.", "What it is called here."))] = None,
    secret: Annotated[
        str | None,
        typer.Option(help=say("Geheimnis, das er als Bearer-Token bekommt.", "The secret it is sent as bearer token.")),
    ] = None,
) -> None:
    asked = {"url": url, "name": name, "secret": secret}
    with service() as client:
        body = {key: value for key, value in asked.items() if value is not None}
        found = client.call("POST", "/agents/a2a", json=body)
    out.print(f"{views.escape(found['name'])}  {_status(found)}", highlight=False)
    for terms in found["capabilities"]:
        out.print(f"  {views.escape(terms['name'])}", highlight=False)


def _stand(agent: str, what: str, reason: str) -> None:
    with service() as client:
        found = client.call("POST", f"{_path(client, agent)}/{what}", json={"reason": reason})
    out.print(f"{views.escape(found['name'])}  {_status(found)}", highlight=False)


def _path(client: Client, agent: str) -> str:
    """Return the path of an agent given by name or id; whatever was typed stays inside one segment."""
    known = client.call("GET", "/agents")["agents"]
    agent_id = next((one["agent_id"] for one in known if one["name"] == agent), agent)
    return f"/agents/{quote(agent_id, safe='') or '-'}"


def _program(metadata: Mapping[str, Any]) -> str:
    """Return what an agent of ours says of its program; others say what they like."""
    known = (name for name in ("version", "python", "platform") if name in metadata)
    return ", ".join(f"{name} {metadata[name]}" for name in known) or "–"


def _status(agent: Mapping[str, Any]) -> str:
    status = views.escape(agent["status"])
    return f"[{_COLOURS.get(status, 'dim')}]{status}[/]"


def _briefly(names: Sequence[str]) -> str:
    """Return some names as they are, of many how many there are of each family; `show` tells all."""
    if len(names) <= _FEW:
        return ", ".join(names)
    families = Counter(name.partition(".")[0] for name in names)
    return ", ".join(f"{family} ({count})" for family, count in families.items())


def _last(agent: Mapping[str, Any]) -> str:
    return "–" if agent["last_heartbeat"] is None else views.moment(agent["last_heartbeat"])
