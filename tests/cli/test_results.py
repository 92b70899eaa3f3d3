"""What a step gave is told: how much of it, and the last file of each kind that shows how it went."""

import pytest

from scheduler.cli.results import latest_evidence, lines_of


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


@pytest.mark.parametrize(("more", "told"), [(True, "find: 1 Mail (es gibt noch mehr)"), (False, "find: 1 Mail")])
def test_it_is_told_when_there_are_more_mails(more: bool, told: str) -> None:
    mails = {"messages": [{"sender": "a@example.com", "subject": "x"}], "count": 1, "more": more}

    assert next(lines_of({"task_id": "find", "status": "done", "result": mails})) == told
