"""The commands of `cpa secret`: credentials in the file of secrets. A value is never an argument and never shown."""

import sys
from typing import Annotated

import typer

from scheduler.cli import views
from scheduler.cli.session import FAILED, USAGE, err, given_settings, leave, out
from scheduler.cli.words import say
from scheduler.core.errors import SecretMissingError
from scheduler.security.secrets_manager import SecretsManager, variable_of

app = typer.Typer(
    no_args_is_help=True,
    help=say("Geheimnisse: hinterlegen, auflisten, entfernen.", "Secrets: set, list, remove."),
)
_NAME = typer.Argument(help=say("Wie portal.password.", "Like portal.password."), show_default=False)


def _secrets() -> SecretsManager:
    return SecretsManager(given_settings().store.secrets_file)


@app.command(
    "set",
    help=say(
        "Ein Geheimnis hinterlegen; es wird abgefragt oder von der Standardeingabe gelesen.",
        "Keep a secret; it is asked for, or read from standard input.",
    ),
)
def set_secret(name: Annotated[str, _NAME]) -> None:
    secrets = _secrets()
    try:
        secrets.set_secret(name, _value(name))
        shadowed = secrets.names().get(name) == variable_of(name)
    except (OSError, ValueError) as error:
        raise leave(USAGE, error) from error
    out.print(say(f"{name} ist hinterlegt.", f"{name} is set."), highlight=False)
    if shadowed:
        words = say("gilt vor der Datei; bitte entfernen.", "counts before the file; please unset it.")
        err.print(f"[yellow]{variable_of(name)} {words}[/]", highlight=False)


def _value(name: str) -> str:
    if sys.stdin.isatty():
        prompted: str = typer.prompt(name, hide_input=True, confirmation_prompt=True)
        return prompted
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")


@app.command("list", help=say("Die Namen auflisten, nie die Werte.", "List the names, never the values."))
def list_secrets() -> None:
    try:
        names = _secrets().names()
    except (OSError, ValueError) as error:
        raise leave(USAGE, error) from error
    for name, source in names.items():
        out.print(f"{views.escape(name)}  [dim]{views.escape(source)}[/]", highlight=False, soft_wrap=True)


@app.command("rm", help=say("Ein Geheimnis aus der Datei entfernen.", "Remove a secret from the file."))
def remove(name: Annotated[str, _NAME]) -> None:
    try:
        _secrets().remove(name)
    except SecretMissingError as error:
        words = say(f"{name} steht nicht in der Datei.", f"{name} is not in the file.")
        err.print(f"[red]{views.escape(words)}[/]", highlight=False)
        raise typer.Exit(FAILED) from error
    except (OSError, ValueError) as error:
        raise leave(USAGE, error) from error
    out.print(say(f"{name} ist entfernt.", f"{name} is removed."), highlight=False)
