"""The commands of `cpa graph`: what a person does for the mailbox in Microsoft 365. They need no service."""

import asyncio

import typer

from scheduler.cli import views
from scheduler.cli.session import FAILED, USAGE, err, given_settings, leave, out
from scheduler.cli.words import say, user_locale
from scheduler.core.errors import CPAError
from scheduler.core.sentences import sentence
from scheduler.security.secrets_manager import SecretsManager

app = typer.Typer(
    no_args_is_help=True,
    help=say("Das Postfach in Microsoft 365: anmelden.", "The mailbox in Microsoft 365: sign in."),
)


@app.callback()
def _graph() -> None:
    """Keep `login` a command of its own, though it is the only one."""


@app.command(
    help=say(
        "Mit einem Gerätecode anmelden (CPA_GRAPH_LOGIN=device_code). Die Anmeldung wird für den Dienst aufgehoben.",
        "Sign in with a device code (CPA_GRAPH_LOGIN=device_code). The sign-in is kept for the service.",
    )
)
def login() -> None:
    from scheduler.executors.graph_login import GraphLogin  # noqa: PLC0415
    from scheduler.mail_wiring import make_graph_account  # noqa: PLC0415 - `cpa --help` must not load it

    settings = given_settings()
    if settings.graph.login != "device_code" or settings.mail_missing:
        needed = ("CPA_GRAPH_LOGIN=device_code", *settings.mail_missing)
        err.print(say("Bitte zuerst setzen: ", "Please set first: ") + ", ".join(needed), soft_wrap=True)
        raise typer.Exit(USAGE)
    try:
        account = make_graph_account(settings, SecretsManager(settings.store.secrets_file))
        asyncio.run(GraphLogin(account).sign_in(lambda said: out.print(views.escape(said), soft_wrap=True)))
    except CPAError as error:
        err.print(views.escape(sentence(error.code, user_locale(), error.facts)), soft_wrap=True)
        raise typer.Exit(FAILED) from error
    except (OSError, ValueError) as error:
        raise leave(FAILED, error) from error
    out.print(say("angemeldet:", "signed in:"), views.escape(settings.mail.address), soft_wrap=True)
