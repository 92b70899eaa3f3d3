"""Fixtures of the command line's tests: the commands talk to a real API that runs in a thread of this process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from structlog.testing import capture_logs

from scheduler.cli import session
from scheduler.cli.client import Client
from scheduler.core.intent_router import IntentRouter
from scheduler.settings import ApiSettings
from tests.support.command_line import Bridge, CommandLine
from tests.support.services import clean_environment, lent_app, router, running_api, some_settings
from tests.support.store import migrated_file, store_path

__all__ = ["clean_environment", "migrated_file", "router", "store_path"]


@pytest.fixture
def cli(
    store_path: Path,
    tmp_path: Path,
    router: IntentRouter,
    clean_environment: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[CommandLine]:
    """The command line of a German user, and the API behind it, with a worker."""
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    settings = some_settings(tmp_path / "data", store_path)
    with (
        capture_logs(),  # else they would stand between what a person sees
        lent_app(settings.api) as app,
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(running_api(settings, router, worker=True, app=app)) as api,
    ):
        bridge = Bridge(portal, api.app)

        def client(settings: ApiSettings, *, operator: bool) -> Client:
            return Client(settings, transport=bridge, sleep=bridge.sleep, operator=operator)

        monkeypatch.setattr(session, "Client", client)
        yield CommandLine(api, bridge)
        portal.call(api.executor.gate.set)
