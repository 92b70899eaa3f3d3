"""`cpa spending`: what language models have cost today, and what is left of the budgets."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from scheduler.cli.session import JSON, out, print_json, service
from scheduler.cli.views import escape
from scheduler.cli.words import say

HELP = say(
    "Zeigen, was Sprachmodelle heute gekostet haben und was übrig ist.",
    "Show what language models have cost today, and what is left.",
)


def spending(as_json: Annotated[bool, JSON] = False) -> None:
    """Show it."""
    with service() as client:
        today = client.call("GET", "/spending")
    if as_json:
        print_json(today)
        return
    models = escape(", ".join(today["models"])) or say("kein Sprachmodell eingerichtet", "no language model is set up")
    out.print(f"{today['day']} (UTC)  {models}", highlight=False, soft_wrap=True)
    for name, balance in ((say("Mandant", "tenant"), today["tenant"]), (say("alle", "all"), today["everybody"])):
        if balance is not None:
            out.print(f"{name}: {_tokens(balance)}; {_money(balance, today['currency'])}", highlight=False)
    out.print(say("Preise vom", "prices of"), today["prices_as_of"], highlight=False)
    if today["unpriced"]:
        out.print(f"[yellow]{escape(unpriced_said(today['unpriced']))}[/]", highlight=False, soft_wrap=True)


def unpriced_said(models: Sequence[str]) -> str:
    """Say what it means that the prices of models are not known."""
    named = ", ".join(models)
    return say(
        f"Kein Preis bekannt: {named}. Was es kostet, zählt in keiner Summe, und Budgets in Geld lehnen es ab"
        " (CPA_LLM_PRICES_FILE).",
        f"No price is known: {named}. What it costs is in no sum, and budgets in money refuse it"
        " (CPA_LLM_PRICES_FILE).",
    )


def _tokens(balance: Mapping[str, Any]) -> str:
    left = balance["tokens_left"]
    rest = say("ohne Grenze", "no limit") if left is None else say(f"noch {left}", f"{left} left")
    return f"{balance['tokens']} {say('Tokens', 'tokens')} ({rest})"


def _money(balance: Mapping[str, Any], currency: str) -> str:
    left = balance["money_left"]
    rest = say("ohne Grenze", "no limit") if left is None else say(f"noch {left:.4f}", f"{left:.4f} left")
    return f"{balance['money']:.4f} {escape(currency)} ({rest})"
