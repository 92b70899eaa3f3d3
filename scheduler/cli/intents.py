"""The commands of `cpa intents`: what sentences can mean, and teaching it."""

from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import views
from scheduler.cli.session import FAILED, JSON, out, print_json, service
from scheduler.cli.words import say

app = typer.Typer(
    no_args_is_help=True,
    help=say("Was Sätze bedeuten können, und es lehren.", "What sentences can mean, and teaching it."),
)
_NAME = typer.Argument(help=say("Der Name des Intents.", "Name of the intent."), show_default=False)
_TEXT = typer.Argument(
    help=say(r"Der Satz; \[slot:Wörter] markiert einen Slot.", r"The sentence; \[slot:words] marks a slot."),
    show_default=False,
)


@app.command("list", help=say("Alle Intents zeigen.", "List all intents."))
def list_intents(as_json: Annotated[bool, JSON] = False) -> None:
    with service() as client:
        intents = client.call("GET", "/intents")["intents"]
    if as_json:
        print_json({"intents": intents})
        return
    for one in intents:
        what = one["description"].get(say("de", "en"), "")
        own = [taught for taught in one["taught"] if taught["kind"] == "example"]
        count = say(f", {len(own)} gelehrt", f", {len(own)} taught") if own else ""
        out.print(views.escape(f"{one['name']}  {what}{count}"), highlight=False, soft_wrap=True)


@app.command(help=say("Einen Intent zeigen.", "Show an intent."))
def show(name: Annotated[str, _NAME], as_json: Annotated[bool, JSON] = False) -> None:
    with service() as client:
        one = client.call("GET", f"/intents/{name}")
    if as_json:
        print_json(one)
        return
    for texts in one["examples"].values():
        for text in texts:
            out.print(views.escape(text), highlight=False, soft_wrap=True)
    for taught in one["taught"]:
        out.print(views.escape(f"{taught['id']}  {taught['text'] or taught['kind']}"), highlight=False, soft_wrap=True)


@app.command(help=say("Lehren, dass ein Satz einen Intent bedeutet.", "Teach that a sentence means an intent."))
def teach(name: Annotated[str, _NAME], text: Annotated[str, _TEXT]) -> None:
    with service() as client:
        taught = client.call("POST", f"/intents/{name}/examples", json={"text": text})
    out.print(say(f"Gelernt ({taught['id']}).", f"Learned ({taught['id']})."), highlight=False)


@app.command(help=say("Einen ganzen Intent aus einer YAML-Datei lehren.", "Teach a whole intent from a YAML file."))
def add(
    file: Annotated[Path, typer.Argument(help=say("Die Datei.", "The file."), exists=True, dir_okay=False)],
) -> None:
    with service() as client:
        taught = client.call("POST", "/intents", json={"document": file.read_text(encoding="utf-8")})
    out.print(say(f"{taught['intent']} ist gelernt.", f"{taught['intent']} is learned."), highlight=False)


@app.command(
    help=say("Ein Beispiel (Id) oder gelehrten Intent vergessen.", "Forget an example (id) or a taught intent.")
)
def forget(named: Annotated[str, _NAME]) -> None:
    with service() as client:
        client.call("DELETE", f"/intents/{named}")
    out.print(say("Vergessen.", "Forgotten."))


@app.command(
    help=say("Zeigen, was ein Satz nach dem Gelehrten bedeutet.", "Show what a sentence means by the teaching.")
)
def test(text: Annotated[str, _TEXT]) -> None:
    with service() as client:
        found = client.call("POST", "/intents/test", json={"text": text})
    if found["intent"] is None:
        out.print(say("Nach dem Gelehrten bedeutet der Satz nichts.", "By what was taught it means nothing."))
        raise typer.Exit(FAILED)
    slots = ", ".join(f"{name} = {words}" for name, words in found["slots"].items())
    out.print(views.escape(f"{found['intent']}  {slots}\n{found['why']}"), highlight=False, soft_wrap=True)
