"""The fake of Microsoft 365 as fixtures, started once per session and emptied for every test; transports for it."""

from collections.abc import Iterator  # noqa: TC003 - pytest reads the annotations of fixtures
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from scheduler.executors.graph_account import GraphAccount
    from scheduler.executors.graph_transport import GraphTransport
    from tests.support.graph.server import GraphServer

US = "cpa@example.com"


@pytest.fixture(scope="session")
def running_graph_server() -> "Iterator[GraphServer]":
    from tests.support.graph.server import GraphServer  # noqa: PLC0415 - every test loads this file, few need a server

    with GraphServer() as server:
        yield server


@pytest.fixture
def graph_server(running_graph_server: "GraphServer") -> "GraphServer":
    """Empty mailboxes, one app registration, no faults."""
    running_graph_server.clear()
    return running_graph_server


def a_graph_account(server: "GraphServer", **changes: Any) -> "GraphAccount":  # noqa: ANN401 - fields of an account
    """Build an account that is impatient unless told otherwise."""
    from scheduler.executors.graph_account import GraphAccount  # noqa: PLC0415 - as above
    from tests.support.graph.identity import CLIENT, SECRET  # noqa: PLC0415

    usual: dict[str, Any] = {
        "address": US,
        "name": "CPA für Prüfungen",
        "tenant": server.tenant,
        "client_id": CLIENT,
        "secret": lambda: SECRET,
        "authority": server.base,
        "root": server.base,
        "timeout": timedelta(seconds=5),
        "patience": timedelta(0),
        "settle": timedelta(seconds=0.3),
    }
    return GraphAccount(**(usual | changes))


def a_graph_transport(server: "GraphServer", **changes: Any) -> "GraphTransport":  # noqa: ANN401
    from scheduler.executors.graph_login import GraphLogin  # noqa: PLC0415 - as above
    from scheduler.executors.graph_transport import GraphTransport  # noqa: PLC0415

    account = a_graph_account(server, **changes)
    login = GraphLogin(account, tls=server.tls)
    return GraphTransport(account, login, tls=server.tls, look_every=timedelta(seconds=0.1))
