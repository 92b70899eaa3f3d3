"""`cpa queue`: what is in the queue, of one's own or, for an operator, of every tenant."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from scheduler.cli.session import JSON, TENANT, out, print_json, service
from scheduler.cli.views import escape
from scheduler.cli.words import say

_PLACES: Final = {
    "ready": ("bereit", "ready"),
    "delayed": ("später", "delayed"),
    "leased": ("in Arbeit", "leased"),
    "parked": ("fragt nach", "parked"),
    "dead": ("gescheitert", "dead"),
}


def queue(
    tenant: Annotated[str | None, TENANT] = None,
    everybody: Annotated[
        bool,
        typer.Option(
            "--all",
            help=say(
                "Von allen Mandanten (braucht CPA_API_OPERATOR_KEY).", "Of all tenants (needs CPA_API_OPERATOR_KEY)."
            ),
        ),
    ] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Count what is in the queue."""
    with service(operator=everybody or tenant is not None) as client:
        found = client.call("GET", "/queue", params={"tenant": tenant} if tenant else {})
    if as_json:
        print_json(found)
    else:
        _show(found)


def _show(found: Mapping[str, Any]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for place, names in _PLACES.items():
        table.add_column(say(*names) + (" ≥" if place in found["at_least"] else ""), justify="right")
    for tenant, counts in found["tenants"].items():
        table.add_row(escape(tenant), *(str(counts[place]) for place in _PLACES))
    if len(found["tenants"]) != 1:
        table.add_row(f"[bold]{say('alle', 'all')}[/]", *(str(found[place]) for place in _PLACES))
    out.print(table)
