"""The commands of `cpa plan`: show what a sentence would do, show a plan again, compare two."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from scheduler.cli import plan_views
from scheduler.cli.session import JSON, SENTENCE, out, print_json, sentence_given, service
from scheduler.cli.words import say

_SHOW = "sentence"
_HASH = typer.Argument(help=say("Der Hash des Plans.", "The hash of the plan."), show_default=False)


class SentenceOrCommand(TyperGroup):
    """`cpa plan "A sentence"` needs no name of a command before the sentence."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - click's, which typer brings along
        """Put the command that takes a sentence before what names none."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [_SHOW, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=SentenceOrCommand,
    help=say(
        'Zeigen, was ein Satz täte: cpa plan "…". Nichts läuft.', 'Show what a sentence would do: cpa plan "…". No run.'
    ),
)


@app.command(_SHOW, help=say("Zeigen, was ein Satz täte.", "Show what a sentence would do."))
def show_sentence(
    sentence: Annotated[str, SENTENCE],
    before: Annotated[
        str | None, typer.Option(help=say("Neue Fassung dieses Plans (Hash).", "As the next version of this (hash)."))
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    order = {"text": sentence_given(sentence)} | ({"before": before} if before else {})
    with service() as client:
        _show(client.call("POST", "/plan", json=order), as_json=as_json)


@app.command("show", help=say("Einen gezeigten Plan noch einmal zeigen.", "Show a plan again."))
def show_again(plan: Annotated[str, _HASH], as_json: Annotated[bool, JSON] = False) -> None:
    with service() as client:
        _show(client.call("GET", f"/plans/{plan}"), as_json=as_json)


@app.command(help=say("Zeigen, worin sich zwei Pläne unterscheiden.", "Show in what two plans differ."))
def diff(before: Annotated[str, _HASH], after: Annotated[str, _HASH], as_json: Annotated[bool, JSON] = False) -> None:
    with service() as client:
        found = client.call("GET", f"/plans/{before}/diff", params={"to": after})
    if as_json:
        print_json(found)
    else:
        plan_views.show_diff(out, found)


def _show(planned: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(planned)
    else:
        plan_views.show_plan(out, planned)
