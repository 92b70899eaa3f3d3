"""The commands of `cpa agent`: start an agent on this machine, for a scheduler here or elsewhere."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scheduler.cli.session import USAGE, given_settings, leave
from scheduler.cli.words import say
from scheduler.garbage import collecting_nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.runtime.command_line import AgentKind

app = typer.Typer(
    no_args_is_help=True,
    help=say("Einen Agenten auf diesem Rechner starten.", "Start an agent on this machine."),
)

Url = Annotated[str, typer.Option(help=say("Adresse des Schedulers.", "Address of the scheduler."))]
Token = Annotated[
    str,
    typer.Option(
        help=say(
            "Eintrittskarte („cpa agents enrol“); besser in CPA_AGENTS_TOKEN, wo sie niemand sieht.",
            "Enrolment token (“cpa agents enrol”); better in CPA_AGENTS_TOKEN, where nobody sees it.",
        )
    ),
]
Name = Annotated[str, typer.Option("--name", help=say("Name, sonst Art und -1.", "Name, else its kind and -1."))]
Host = Annotated[str, typer.Option(help=say("Adresse, an der er lauscht.", "Address at which it listens."))]
Port = Annotated[int, typer.Option(min=0, max=65_535, help=say("Port; 0: irgendeiner.", "Port; 0: any."))]
Endpoint = Annotated[
    str,
    typer.Option(
        help=say(
            "Adresse, unter der ihn der Scheduler ruft; sonst holt er sich die Arbeit.",
            "Where the scheduler calls it; else it fetches its work.",
        )
    ),
]
AtOnce = Annotated[
    int, typer.Option("--concurrency", min=1, max=1000, help=say("Aufgaben zugleich.", "Tasks at once."))
]


Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        help=say("Merkmal, das Pläne verlangen können; mehrfach erlaubt.", "What plans may ask for; may be repeated."),
    ),
]
Domains = Annotated[
    list[str] | None,
    typer.Option(
        "--domain",
        help=say("Nur dort im Web arbeitet er; mehrfach erlaubt.", "Only there in the web it acts; may be repeated."),
    ),
]
Applications = Annotated[
    list[str] | None,
    typer.Option(
        "--application",
        help=say("Nur damit arbeitet er; mehrfach erlaubt.", "Only with that it works; may be repeated."),
    ),
]
Dial = Annotated[
    Literal["socket", "poll"], typer.Option("--dial", help=say("Wie er die Arbeit holt.", "How it fetches work."))
]
NewKey = Annotated[
    bool,
    typer.Option(
        "--new-key", help=say("Den Schlüssel zum Unterschreiben wechseln.", "Change its signing key for a new one.")
    ),
]


def _web() -> "AgentKind":
    from agents.web import KIND  # noqa: PLC0415 - `cpa --help` must not load it

    return KIND


def _email() -> "AgentKind":
    from agents.email import KIND  # noqa: PLC0415 - as above

    return KIND


def _data() -> "AgentKind":
    from agents.data import KIND  # noqa: PLC0415 - as above

    return KIND


def _desktop() -> "AgentKind":
    from agents.desktop_rpa import KIND  # noqa: PLC0415 - as above

    return KIND


def _add(name: str, kind: "Callable[[], AgentKind]", words: str) -> None:
    @app.command(name=name, help=words)
    def start(
        url: Url,
        token: Token = "",
        agent_name: Name = "",
        host: Host = "127.0.0.1",
        port: Port = 0,
        endpoint: Endpoint = "",
        concurrency: AtOnce = 1,
        new_key: NewKey = False,
        tag: Tags = None,
        domain: Domains = None,
        application: Applications = None,
        dial: Dial = "socket",
    ) -> None:
        with collecting_nothing():
            from agents.runtime.command_line import StartOptions, start_agent  # noqa: PLC0415 - as above

            started_kind = kind()
        asked = StartOptions(
            url=url,
            token=token,
            name=agent_name,
            host=host,
            port=port,
            endpoint=endpoint,
            concurrency=concurrency,
            new_key=new_key,
            tags=tag or (),
            domains=domain or (),
            applications=application or (),
            dial=dial,
        )
        try:
            code = start_agent(started_kind, asked, given_settings())
        except (ValueError, OSError) as error:
            raise leave(USAGE, error) from error
        raise typer.Exit(code)


_add("web", _web, say("Ein Agent, der im Browser arbeitet.", "An agent that works in a browser."))
_add("email", _email, say("Ein Agent, der Mails sendet und liest.", "An agent that sends and reads mail."))
_add("data", _data, say("Ein Agent für Dateien und Tabellen.", "An agent for files and tables."))
_add(
    "desktop",
    _desktop,
    say(
        "Ein Agent, der Programme dieses Rechners startet, beendet und Dokumente öffnet; in ihren Fenstern klickt, "
        "tippt und liest er noch nicht.",
        "An agent that starts and ends programs of this machine and opens documents; it does not click, type or read "
        "in their windows yet.",
    ),
)
