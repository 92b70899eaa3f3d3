"""`cpa site record` as a person uses it: a window on a real screen, keys and clicks; what was shown then works."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from examples.office import PORTAL_PASSWORD, PORTAL_USER
from examples.portal import PortalServer
from tests.support.screen import screen

pytestmark = pytest.mark.integration


def _until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 40
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.1)


class Person:
    """Sits at a screen of its own."""

    def __init__(self, display: str) -> None:
        self.surroundings = {**os.environ, "DISPLAY": display, "LC_ALL": "de_DE.UTF-8"}

    def sees(self, title: str) -> bool:
        return self._tool("search", "--onlyvisible", "--name", title).returncode == 0

    def turns_to(self, title: str) -> None:
        """Click on a free spot of the page: without a window manager no window gets the keys by itself."""
        assert self._tool("search", "--onlyvisible", "--name", title, "windowfocus", "--sync").returncode == 0
        assert self._tool("mousemove", "1100", "700", "click", "1").returncode == 0

    def presses(self, *keys: str) -> None:
        assert self._tool("key", "--delay", "60", *keys).returncode == 0

    def types(self, text: str) -> None:
        assert self._tool("type", "--delay", "30", text).returncode == 0

    def _tool(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["xdotool", *arguments],  # noqa: S607
            env=self.surroundings,
            capture_output=True,
            check=False,
        )


@pytest.fixture
def person() -> Iterator[Person]:
    with screen() as display:
        yield Person(display)


def test_what_a_person_shows_in_a_window_becomes_a_profile_that_works(
    person: Person,
    tmp_path: Path,
    clean_environment: None,  # noqa: ARG001
) -> None:
    files = {"DATA_DIR": "data", "SITES_DIR": "config", "SECRETS_FILE": "secrets.yaml"}
    surroundings = person.surroundings | {f"CPA_{name}": str(tmp_path / path) for name, path in files.items()}

    def cpa(*arguments: str, typed: str | None = None) -> str:
        command = [sys.executable, "-m", "scheduler.cli", *arguments]
        done = subprocess.run(command, env=surroundings, input=typed, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    with PortalServer({PORTAL_USER: PORTAL_PASSWORD}) as portal:
        command = [sys.executable, "-m", "scheduler.cli", "site", "record", "Portal"]
        command += ["--url", f"{portal.url}/login", "--document", "4711"]
        with subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, text=True) as recording:
            try:
                _until(lambda: person.sees("Anmelden"), "the window")
                time.sleep(3)  # a person looks before typing; a window that has just come loses keys
                person.turns_to("Anmelden")
                person.presses("Tab", "Tab")
                person.types(PORTAL_USER)
                person.presses("Tab")
                person.types(PORTAL_PASSWORD)
                person.presses("Return")
                _until(lambda: person.sees("Rechnungen"), "the login")
                time.sleep(2)  # the recorder looks twice a second for what shows that one is logged in
                shown = portal.asked["GET /invoices"]
                person.presses("Tab", "Tab", "Tab")
                person.types("4711")
                person.presses("Return")
                _until(lambda: portal.asked["GET /invoices"] > shown, "the search")
                time.sleep(3)  # a person reads what was found
                person.presses("Tab", "Tab", "Tab", "Tab", "Tab", "Return")
                _until(lambda: bool(portal.downloads["4711"]), "the download")
                person.presses("ctrl+w")
                said, _ = recording.communicate(timeout=40)
            finally:
                recording.kill()
        written = next((tmp_path / "data" / "sites").glob("*.yaml")).read_text("utf-8")
        cpa("secret", "set", "portal.username", typed=PORTAL_USER)
        cpa("secret", "set", "portal.password", typed=PORTAL_PASSWORD)
        tried = cpa("site", "test", "Portal", "--document", "4712")

        assert recording.returncode == 0, said
        assert not {PORTAL_PASSWORD, PORTAL_USER, "4711"} & set(written.split())
        assert PORTAL_PASSWORD not in written
        assert portal.downloads["4712"] == 1, tried
