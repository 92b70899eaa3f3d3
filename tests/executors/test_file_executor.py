"""Files below one folder: found as people name them, copied whole, never outside."""

import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from scheduler.core.ids import JobId, TaskId
from scheduler.core.todo import ToDo
from scheduler.executors import file_executor
from scheduler.executors.base_executor import ExecutionContext, ExecutionResult
from scheduler.executors.file_executor import FileExecutor
from scheduler.executors.files import ArtifactStore
from tests.support.folders import artifacts, root

__all__ = ["artifacts", "root"]

CONTEXT = ExecutionContext(job_id=JobId("job"), task_id=TaskId("files"))


@pytest.fixture
def executor(root: Path, artifacts: ArtifactStore) -> FileExecutor:
    return FileExecutor(root=root, artifacts=artifacts)


def _todo(action: str, **params: Any) -> ToDo:  # noqa: ANN401 - parameters of a step
    return ToDo(id="files", action=f"file.{action}", params=params)


def _put(root: Path, name: str, content: str = "Inhalt", age: int = 0) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    os.utime(path, (1_000_000 - age, 1_000_000 - age))
    return path


def _code(result: ExecutionResult) -> str:
    assert result.error is not None
    return result.error.code


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.pdf", ["2026/Rechnung März.PDF", "Rechnung 4711 – Ärger 😀.pdf"]),
        ("rechnung*", ["2026/Rechnung März.PDF", "Rechnung 4711 – Ärger 😀.pdf"]),
        ("2026/*", ["2026/Rechnung März.PDF"]),
        ("ÄRGER rechnung", ["Rechnung 4711 – Ärger 😀.pdf"]),
        ("märz", ["2026/Rechnung März.PDF"]),
        ("notiz", ["Notiz.txt"]),
    ],
)
async def test_files_are_found_by_glob_or_words_newest_first(
    executor: FileExecutor, root: Path, pattern: str, found: list[str]
) -> None:
    _put(root, "Rechnung 4711 – Ärger 😀.pdf", age=20)
    _put(root, "2026/Rechnung März.PDF", age=10)
    _put(root, "Notiz.txt", age=5)

    done = await executor.execute(_todo("find", pattern=pattern), CONTEXT)

    assert done.result == {"path": found[0], "paths": found, "count": len(found)}
    assert (await executor.verify(_todo("find", pattern=pattern), CONTEXT)).result == done.result


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("the rental contract", "Wohnung/Mietvertrag 2024.txt"),
        ("invoice", "Rechnung.pdf"),
        ("Arbeitsvertrag", "employment contract.pdf"),
        ("Jahresberichte", "annual report.docx"),
        ("report", "annual report.docx"),
        ("purchase contract", None),
        ("*contract*", "employment contract.pdf"),
    ],
)
async def test_a_document_is_found_under_its_name_in_the_other_language(
    executor: FileExecutor, root: Path, pattern: str, found: str | None
) -> None:
    for number, name in enumerate(["Wohnung/Mietvertrag 2024.txt", "employment contract.pdf", "annual report.docx"]):
        _put(root, name, age=number)
    _put(root, "Rechnung.pdf", age=9)

    done = await executor.execute(_todo("find", pattern=pattern), CONTEXT)

    assert done.result.get("paths", [None]) == [found]


async def test_a_folder_limits_where_files_are_looked_for(executor: FileExecutor, root: Path) -> None:
    _put(root, "a/x.txt")
    _put(root, "b/x.txt")

    done = await executor.execute(_todo("find", pattern="x", folder="b"), CONTEXT)

    assert done.result["paths"] == ["b/x.txt"]


async def test_an_umlaut_is_the_same_in_both_its_unicode_forms(executor: FileExecutor, root: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Prüfung/Übersicht.txt")
    _put(root, decomposed, "Grüße")

    found = await executor.execute(_todo("find", pattern="übersicht prüfung"), CONTEXT)
    read = await executor.execute(_todo("read", path="Prüfung/Übersicht.txt"), CONTEXT)

    assert found.result["path"] == decomposed
    assert read.result["text"] == "Grüße"


@pytest.mark.parametrize("action", [_todo("find", pattern="*.xyz"), _todo("read", path="fehlt.txt")])
async def test_nothing_found_is_a_failure_that_names_it(executor: FileExecutor, action: ToDo) -> None:
    done = await executor.execute(action, CONTEXT)

    assert _code(done) == "file_missing"
    assert (await executor.verify(action, CONTEXT)).happened is False


@pytest.mark.parametrize("path", ["../geheim.txt", "a/../../geheim.txt", "{outside}", "hinaus/geheim.txt", "x\0.txt"])
async def test_no_path_leads_out_of_the_root(executor: FileExecutor, root: Path, tmp_path: Path, path: str) -> None:
    outside = _put(tmp_path, "geheim.txt", "geheim")
    (root / "hinaus").symlink_to(tmp_path)
    _put(root, "innen.txt")
    path = path.format(outside=outside)

    tried = [
        await executor.execute(_todo("read", path=path), CONTEXT),
        await executor.execute(_todo("attach", path=path), CONTEXT),
        await executor.execute(_todo("copy", source=path, destination="kopie.txt"), CONTEXT),
        await executor.execute(_todo("copy", source="innen.txt", destination=path, overwrite=True), CONTEXT),
    ]

    assert {_code(done) for done in tried} == {"path_forbidden"}
    assert outside.read_text(encoding="utf-8") == "geheim"
    assert not (root / "kopie.txt").exists()


async def test_a_link_out_of_the_root_is_not_found(executor: FileExecutor, root: Path, tmp_path: Path) -> None:
    _put(tmp_path, "geheim.txt")
    (root / "geheim.txt").symlink_to(tmp_path / "geheim.txt")

    assert _code(await executor.execute(_todo("find", pattern="geheim"), CONTEXT)) == "file_missing"


async def test_an_absolute_path_inside_the_root_is_taken(executor: FileExecutor, root: Path) -> None:
    path = _put(root, "a.txt", "ja")

    assert (await executor.execute(_todo("read", path=str(path)), CONTEXT)).result == {"text": "ja", "bytes": 2}


@pytest.mark.parametrize(
    ("destination", "copy"),
    [("ziel/neu.txt", "ziel/neu.txt"), ("ziel/", "ziel/Übersicht.txt"), ("da", "da/Übersicht.txt")],
)
async def test_a_copy_is_whole_and_verified_by_its_content(
    executor: FileExecutor, root: Path, destination: str, copy: str
) -> None:
    _put(root, "Übersicht.txt", "Grüße")
    (root / "da").mkdir()
    todo = _todo("copy", source="Übersicht.txt", destination=destination)
    before = await executor.verify(todo, CONTEXT)

    done = [await executor.execute(todo, CONTEXT), await executor.execute(todo, CONTEXT)]

    assert before.happened is False
    assert [each.result for each in done] == [{"path": copy}] * 2
    assert (root / copy).read_text(encoding="utf-8") == "Grüße"
    assert (await executor.verify(todo, CONTEXT)).happened is True
    (root / copy).write_text("anders", encoding="utf-8")
    assert (await executor.verify(todo, CONTEXT)).happened is False


async def test_an_artifact_is_copied_under_the_name_people_see(
    executor: FileExecutor, root: Path, artifacts: ArtifactStore
) -> None:
    name = "Rechnung für " + "lange Namen " * 12 + "😀.pdf"
    artifact = artifacts.save(JobId("job"), TaskId("download"), name, b"%PDF")

    done = await executor.execute(_todo("copy", source=artifact, destination="Ablage/"), CONTEXT)

    assert done.result == {"path": f"Ablage/{name}"}
    assert (root / "Ablage" / name).read_bytes() == b"%PDF"


async def test_another_file_is_overwritten_only_when_asked(executor: FileExecutor, root: Path) -> None:
    _put(root, "neu.txt", "neu")
    old = _put(root, "alt.txt", "alt")

    refused = await executor.execute(_todo("copy", source="neu.txt", destination="alt.txt"), CONTEXT)
    kept = old.read_text(encoding="utf-8")
    done = await executor.execute(_todo("copy", source="neu.txt", destination="alt.txt", overwrite=True), CONTEXT)

    assert _code(refused) == "invalid_input"
    assert kept == "alt"
    assert done.success
    assert old.read_text(encoding="utf-8") == "neu"


@pytest.mark.parametrize(
    ("content", "encoding", "text"),
    [
        ("Grüße 😀".encode(), None, "Grüße 😀"),
        ("\ufeffGrüße".encode(), None, "Grüße"),
        ("Grüße".encode("cp1252"), None, "Grüße"),
        ("Grüße".encode("utf-16"), "utf-16", "Grüße"),
    ],
)
async def test_a_text_is_read_in_its_encoding(
    executor: FileExecutor, root: Path, content: bytes, encoding: str | None, text: str
) -> None:
    (root / "a.txt").write_bytes(content)

    done = await executor.execute(_todo("read", path="a.txt", encoding=encoding), CONTEXT)

    assert done.result == {"text": text, "bytes": len(content)}


@pytest.mark.parametrize(("content", "encoding"), [(b"\xff\xfe\x81", "utf-8"), (b"\x81", None), (b"x", "klingonisch")])
async def test_what_is_no_text_is_said_to_be_none(
    executor: FileExecutor, root: Path, content: bytes, encoding: str | None
) -> None:
    (root / "a.bin").write_bytes(content)

    done = await executor.execute(_todo("read", path="a.bin", encoding=encoding), CONTEXT)

    assert _code(done) == "invalid_input"


async def test_a_file_over_the_limit_is_not_read(
    executor: FileExecutor, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_executor, "MAX_TEXT_BYTES", 3)
    _put(root, "a.txt", "lang")

    assert _code(await executor.execute(_todo("read", path="a.txt"), CONTEXT)) == "invalid_input"


async def test_a_file_becomes_an_artifact_for_later_steps(
    executor: FileExecutor, root: Path, artifacts: ArtifactStore
) -> None:
    _put(root, "Übersicht 😀.txt", "Grüße")
    todo = _todo("attach", path="Übersicht 😀.txt")
    before = await executor.verify(todo, CONTEXT)

    done = await executor.execute(todo, CONTEXT)

    assert before.happened is False
    assert done.result["name"] == "Übersicht 😀.txt"
    assert artifacts.path_of(done.result["artifact"]).read_text(encoding="utf-8") == "Grüße"
    seen = await executor.verify(todo, CONTEXT)
    assert seen.happened is True
    assert seen.result == done.result


async def test_an_action_it_does_not_know_is_an_error(executor: FileExecutor) -> None:
    assert _code(await executor.execute(_todo("burn"), CONTEXT)) == "unknown_action"


@pytest.mark.parametrize(
    "step",
    [
        _todo("find", pattern="a.txt"),
        _todo("copy", source="a.txt", destination="b.txt"),
        _todo("read", path="a.txt"),
        _todo("attach", path="a.txt"),
    ],
    ids=lambda step: step.action,
)
async def test_what_a_result_has_is_declared_so_that_plans_may_refer_to_it(
    executor: FileExecutor, root: Path, step: ToDo
) -> None:
    _put(root, "a.txt")

    done = await executor.execute(step, CONTEXT)

    assert done.result.keys() == {spec.name: spec.result for spec in executor.actions}[step.action]
