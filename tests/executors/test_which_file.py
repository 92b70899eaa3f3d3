"""Which of several files is meant where one is wanted: told by its name, or asked; none is taken for another."""

import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from scheduler.core.ids import JobId, TaskId
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import ExecutionContext, ExecutionResult
from scheduler.executors.file_executor import FileExecutor
from scheduler.executors.files import ArtifactStore
from tests.support.folders import artifacts, root

__all__ = ["artifacts", "root"]

CONTEXT = ExecutionContext(job_id=JobId("job"), task_id=TaskId("files"))


@pytest.fixture
def executor(root: Path, artifacts: ArtifactStore) -> FileExecutor:
    return FileExecutor(root=root, artifacts=artifacts)


def _todo(**params: Any) -> ToDo:  # noqa: ANN401 - parameters of a step
    return ToDo(id="files", action="file.find", params=params)


def _put(root: Path, name: str, age: int = 0) -> None:
    path = root / name
    path.write_text("Inhalt", encoding="utf-8")
    os.utime(path, (1_000_000 - age, 1_000_000 - age))


def _code(result: ExecutionResult) -> str:
    assert result.error is not None
    return result.error.code


async def test_which_of_several_files_is_meant_is_asked_and_the_answer_taken(
    executor: FileExecutor, root: Path
) -> None:
    _put(root, "Angebot Nord.pdf", age=20)
    _put(root, "Angebot Süd.pdf", age=10)
    find = _todo(pattern="Angebot", one=True)

    asked = await executor.execute(find, CONTEXT)
    answered = await executor.execute(find, CONTEXT._replace(answers={"which": "Angebot Nord.pdf"}))

    assert asked.error is not None
    (question,) = asked.error.questions
    assert question.text == "Zu „Angebot“ passt mehreres. Was ist gemeint?"
    assert [choice.value for choice in question.choices] == ["Angebot Süd.pdf", "Angebot Nord.pdf"]
    assert not question.open
    assert answered.result["path"] == "Angebot Nord.pdf"
    assert (await executor.verify(find, CONTEXT)).happened is False


async def test_another_file_than_the_chosen_one_is_not_taken_when_that_is_gone(
    executor: FileExecutor, root: Path
) -> None:
    _put(root, "Angebot Nord.pdf")
    find = _todo(pattern="Angebot", one=True)

    asked = await executor.execute(find, CONTEXT._replace(answers={"which": "Angebot.pdf"}))

    assert asked.error is not None
    assert asked.error.questions[0].text == "„Angebot.pdf“ gibt es hier nicht. Was ist gemeint?"


async def test_of_many_files_some_are_shown_and_another_answer_will_do(executor: FileExecutor, root: Path) -> None:
    for number in range(25):
        _put(root, f"Angebot {number:02}.pdf", age=number)
    find = _todo(pattern="Angebot", one=True)

    asked = await executor.execute(find, CONTEXT._replace(locale="en"))
    answered = await executor.execute(find, CONTEXT._replace(answers={"which": "Angebot 24"}))

    assert asked.error is not None
    assert asked.error.questions[0].text == "“Angebot” fits several. Which one is meant? (There are 5 more.)"
    assert answered.result["path"] == "Angebot 24.pdf"
    by_number = await executor.execute(find, CONTEXT._replace(answers={"which": "25"}))
    assert _code(by_number) == "several_fit"  # nobody has seen a number 25


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"pattern": "Angebot"}, "Angebot.docx"),  # it is called just so
        ({"pattern": "Rechnung 4711"}, "Rechnung 4711 März.pdf"),  # not 47110
        ({"pattern": "Bericht", "newest": True}, "Bericht neu.pdf"),
        ({"pattern": "letzten Bericht", "newest": True}, "Bericht neu.pdf"),
        ({"pattern": "Vertrag mit der Müller GmbH"}, "Vertrag Müller.pdf"),
    ],
)
async def test_nothing_is_asked_where_one_fits_best(
    executor: FileExecutor, root: Path, params: dict[str, Any], found: str
) -> None:
    names = ["Angebot.docx", "Angebot alt.docx", "Rechnung 47110.pdf", "Rechnung 4711 März.pdf"]
    names += ["Bericht neu.pdf", "Bericht alt.pdf", "Vertrag Müller.pdf", "Vertrag Meier.pdf"]
    for age, name in enumerate(names):
        _put(root, name, age=age)

    result = await executor.execute(_todo(one=True, **params), CONTEXT)

    assert result.success, result.error
    assert result.result == {"path": found, "paths": [found], "count": 1}


async def test_the_newest_one_and_one_that_is_called_so_are_told_apart_by_asking(
    executor: FileExecutor, root: Path
) -> None:
    _put(root, "Letzte Mahnung Meier.pdf", age=20)
    _put(root, "Mahnung Schulz.pdf", age=10)
    find = _todo(pattern="letzte Mahnung", one=True, newest=True)

    asked = await executor.execute(find, CONTEXT)
    both = await executor.execute(_todo(pattern="letzte Mahnung", newest=True), CONTEXT)

    assert asked.error is not None
    found = ["Letzte Mahnung Meier.pdf", "Mahnung Schulz.pdf"]
    assert [choice.value for choice in asked.error.questions[0].choices] == found
    assert both.result["paths"] == found


@pytest.mark.parametrize(
    ("pattern", "there"),
    [
        ("Rechnung 4711", "Rechnung 47110.pdf"),
        ("Rechnung R-4711", "Rechnung R-47110.pdf"),
        ("Rechnung 2026-17", "Rechnung 2026-170.pdf"),
        ("Vertrag mit Anna", "Vertrag Hanna.pdf"),
        ("Vertrag Meier", "Vertrag Obermeier.pdf"),
        ("Angebot Nord", "Angebot Nordwest.pdf"),
    ],
)
async def test_another_number_or_name_than_was_said_is_not_taken_without_asking(
    executor: FileExecutor, root: Path, pattern: str, there: str
) -> None:
    _put(root, there)
    find = _todo(pattern=pattern, one=True)

    asked = await executor.execute(find, CONTEXT)
    answered = await executor.execute(find, CONTEXT._replace(answers={"which": there}))
    newest = await executor.execute(_todo(pattern=f"neueste {pattern}", one=True, newest=True), CONTEXT)

    assert asked.error is not None
    assert asked.error.questions[0].text == f"„{pattern}“ heißt nichts genau so. Was ist gemeint?"
    assert answered.result["path"] == there
    assert _code(newest) == "several_fit"


@pytest.mark.parametrize(
    ("pattern", "there"),
    [
        ("Plan", "Projektplan.pdf"),
        ("Vertrag mit Müller", "Mietvertrag_Müllers.pdf"),
        ("Rechnung Meier", "RechnungMeier2026.pdf"),
        ("Rechnung 4711", "Rechnung-004711_final.pdf"),
        ("Übersicht Köln", unicodedata.normalize("NFD", "KölnÜbersicht.pdf")),
        ("Rechnung [0-9]*", "Rechnung 4711.pdf"),
    ],
)
async def test_what_was_said_may_stand_there_in_its_own_way(
    executor: FileExecutor, root: Path, pattern: str, there: str
) -> None:
    _put(root, there)

    assert (await executor.execute(_todo(pattern=pattern, one=True), CONTEXT)).result["path"] == there


async def test_what_is_surely_meant_in_the_other_language_goes_before_what_only_looks_alike(
    executor: FileExecutor, root: Path
) -> None:
    _put(root, "Contract Hanna.pdf")
    _put(root, "Vertrag Anna.pdf", age=9)

    found = await executor.execute(_todo(pattern="contract Anna", one=True), CONTEXT)

    assert found.result["path"] == "Vertrag Anna.pdf"


@pytest.mark.parametrize(
    ("params", "there"),
    [
        ({"pattern": "Last Resort contract", "one": True}, "Beach Resort contract.pdf"),
        ({"pattern": "Vertrag mit der Müller GmbH", "one": True}, "Vertrag Müller KG.pdf"),
    ],
)
async def test_what_has_another_name_is_not_meant(
    executor: FileExecutor, root: Path, params: dict[str, Any], there: str
) -> None:
    _put(root, there)

    assert _code(await executor.execute(_todo(**params), CONTEXT)) == "file_missing"


async def test_what_an_office_keeps_beside_an_open_document_is_none(executor: FileExecutor, root: Path) -> None:
    for age, name in enumerate([".~lock.Angebot Nord.odt#", "~$Angebot Nord.docx", "Angebot Nord.odt"]):
        _put(root, name, age=age)

    one = await executor.execute(_todo(pattern="Angebot", one=True), CONTEXT)
    newest = await executor.execute(_todo(pattern="Angebot", newest=True), CONTEXT)

    assert one.result["path"] == newest.result["path"] == "Angebot Nord.odt"


async def test_of_files_with_the_number_the_newest_is_taken(executor: FileExecutor, root: Path) -> None:
    for age, name in enumerate(["Rechnung 47110.pdf", "Rechnung 4711 neu.pdf", "Rechnung 4711 alt.pdf"]):
        _put(root, name, age=age)

    found = await executor.execute(_todo(pattern="Rechnung 4711", one=True, newest=True), CONTEXT)

    assert found.result["path"] == "Rechnung 4711 neu.pdf"
