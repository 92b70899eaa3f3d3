"""What the commands share: the connection to the service, what is printed where, and how a command ends."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console

from scheduler.cli import views
from scheduler.cli.client import Client, RefusedError, ServiceDownError, job_path
from scheduler.cli.words import read_out, say
from scheduler.settings import SettingError, Settings, load_settings

FAILED, USAGE, REFUSED, DOWN, WAITS, INTERRUPTED = 1, 2, 3, 4, 5, 130

out = Console()
err = Console(stderr=True)

SENTENCE: Any = typer.Argument(
    help=say(
        "Was erledigt werden soll, in einem Satz; „-“ liest ihn von der Standardeingabe.",
        "What is to be done, in one sentence; “-” reads it from standard input.",
    ),
    show_default=False,
)
UNIQUE: Any = typer.Option(
    "--unique",
    help=say(
        "Nur, wenn nicht schon ein solcher Auftrag läuft oder wartet.", "Only if no such job runs or waits already."
    ),
)
UNIQUE_KEY: Any = typer.Option(
    help=say(
        "Nur, wenn kein anderer Auftrag mit diesem Schlüssel läuft oder wartet.",
        "Only if no other job with this key runs or waits.",
    )
)
TENANT: Any = typer.Option(
    help=say("Von diesem Mandanten (braucht CPA_API_OPERATOR_KEY).", "Of this tenant (needs CPA_API_OPERATOR_KEY).")
)
JSON: Any = typer.Option("--json", help=say("Als JSON ausgeben.", "Print JSON."))


@contextmanager
def service(*, operator: bool = False) -> Iterator[Client]:
    """Open the service, with the operator's key if there is one and it is asked for, and turn what can go wrong into
    one line and an exit code."""
    try:
        with Client(given_settings().api, operator=operator) as client:
            yield client
    except RefusedError as error:
        raise leave(REFUSED, error) from error
    except ServiceDownError as error:
        raise leave(DOWN, error) from error


def given_settings() -> Settings:
    """Return the settings of the environment, or end the command."""
    try:
        return load_settings()
    except SettingError as error:
        raise leave(USAGE, error) from error


def leave(code: int, error: Exception) -> typer.Exit:
    """Say on standard error what is wrong; raise what is returned."""
    err.print(f"[red]{views.escape(read_out(error))}[/]", highlight=False, soft_wrap=True)
    return typer.Exit(code)


def unique_order(*, unique: bool, key: str | None) -> dict[str, Any]:
    """Return what the options say of an order that there may be once."""
    if key is not None:
        return {"unique": {"key": key}}
    return {"unique": {}} if unique else {}


def as_form(order: Mapping[str, Any]) -> dict[str, str]:
    """Return an order as the fields of a form: what is no text is JSON there."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in order.items()}


def sentence_given(given: str) -> str:
    """Return the sentence, read from standard input if it is `-`."""
    return sys.stdin.read().strip() if given == "-" else given


def print_json(document: object) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def watch(client: Client, job_id: str, last: int = 0, asked: Callable[[Client, str], None] = lambda *_: None) -> None:
    """Show a job as it happens, from after event `last`, and leave with how it ended; `asked` is told when it asks."""
    try:
        for event in client.events(job_id, last):
            views.show_event(out, event)
            if event["type"] == "question":
                asked(client, job_id)
    except KeyboardInterrupt:
        words = say("Der Auftrag läuft weiter. Abbrechen:", "The job goes on. To stop it:")
        err.print(f"{words} cpa cancel {views.escape(job_id)}", highlight=False)
        raise typer.Exit(INTERRUPTED) from None
    detail = client.call("GET", job_path(job_id))
    views.show_job(out, detail)
    if detail["status"] != "done":
        raise typer.Exit(FAILED)
