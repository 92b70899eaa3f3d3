"""The files that show how a step went are named for what they are, the last of each kind."""

import pytest

from scheduler.cli.results import latest_evidence


@pytest.fixture(autouse=True)
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")


def test_the_last_of_each_kind_is_named() -> None:
    kept = ["j/a.1.png", "j/a.before.png", "j/a.page.txt", "j/a.trace.zip", "j/a.png"]

    assert dict(latest_evidence(kept)) == {
        "Bild": "j/a.png",
        "Bild davor": "j/a.before.png",
        "Seite": "j/a.page.txt",
        "Aufzeichnung": "j/a.trace.zip",
    }
