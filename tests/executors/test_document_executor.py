"""PDFs of documents, made by a real LibreOffice; what is missing is said with how to get it."""

import asyncio
import io
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import psutil
import pypdf
import pytest

from scheduler.core.ids import JobId, TaskId
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import ExecutionContext, ExecutionResult
from scheduler.executors.document_executor import DocumentExecutor
from scheduler.executors.file_root import FileRoot
from scheduler.executors.file_sources import FileSources
from scheduler.executors.files import ArtifactStore
from scheduler.executors.libreoffice import LibreOffice

CONTEXT = ExecutionContext(job_id=JobId("job"), task_id=TaskId("pdf"))
RTF = rb"{\rtf1\ansi{\fonttbl\f0 Helvetica;}\f0 Vertrag mit M\'fcller \par}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def _executor(root: Path, office: LibreOffice | None = None) -> DocumentExecutor:
    sources = FileSources(FileRoot(root), ArtifactStore(root.parent / "artifacts"))
    return DocumentExecutor(sources=sources, office=office or LibreOffice())


def _todo(**params: Any) -> ToDo:  # noqa: ANN401 - parameters of a step
    return ToDo(id="pdf", action="document.export_pdf", params=params)


def _text(root: Path, result: ExecutionResult) -> str:
    assert result.success, result.error
    path = ArtifactStore(root.parent / "artifacts").path_of(result.result["artifact"])
    return pypdf.PdfReader(io.BytesIO(path.read_bytes())).pages[0].extract_text()


def _script(root: Path, lines: str) -> LibreOffice:
    program = root.parent / "soffice"
    program.write_text(f"#!/bin/sh\n{lines}\n")
    program.chmod(0o755)
    return LibreOffice(program=program, limit=timedelta(seconds=1))


@pytest.mark.integration
async def test_documents_become_pdfs_one_after_the_other_and_are_verified(root: Path) -> None:
    (root / "Vertrag Müller.rtf").write_bytes(RTF)
    book = openpyxl.Workbook()
    book.active.append(["Umsatz", 4711])  # type: ignore[union-attr]
    book.save(root / "zahlen.xlsx")
    executor = _executor(root)
    letter, table = _todo(source="Vertrag Müller.rtf"), _todo(source="zahlen.xlsx", name="Bericht")
    before = await executor.verify(letter, CONTEXT)

    done = await asyncio.gather(executor.execute(letter, CONTEXT), executor.execute(table, CONTEXT))

    assert before.happened is False
    assert [one.result["name"] for one in done] == ["Vertrag Müller.pdf", "Bericht.pdf"]
    assert "Vertrag mit Müller" in _text(root, done[0])
    assert "4711" in _text(root, done[1])
    assert (await executor.verify(letter, CONTEXT)).result == done[0].result


async def test_a_missing_libreoffice_is_said_with_how_to_get_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "a.rtf").write_bytes(RTF)
    monkeypatch.setenv("PATH", str(root))

    done = await _executor(root).execute(_todo(source="a.rtf"), CONTEXT)

    assert done.error is not None
    assert done.error.code == "program_missing"
    assert "apt-get install --no-install-recommends libreoffice-writer-nogui" in done.error.message


async def test_what_cannot_be_a_pdf_and_what_is_one_already(root: Path) -> None:
    (root / "a.mp3").write_bytes(b"x")
    (root / "b.pdf").write_bytes(b"%PDF-1.7 x")
    (root / "c.rtf").write_bytes(RTF)
    office = _script(root, "echo 'no export filter'")

    said = [await _executor(root, office).execute(_todo(source=name), CONTEXT) for name in ("a.mp3", "b.pdf", "c.rtf")]

    assert [one.error.code if one.error else one.result["name"] for one in said] == [
        "conversion_failed",
        "b.pdf",
        "conversion_failed",
    ]
    assert said[2].error is not None
    assert "no export filter" in said[2].error.message


async def test_a_conversion_that_hangs_is_ended_with_all_its_processes(root: Path) -> None:
    (root / "a.rtf").write_bytes(RTF)
    office = _script(root, f"sleep 300 & echo $! > {root.parent}/pid; wait")
    started = time.monotonic()

    done = await _executor(root, office).execute(_todo(source="a.rtf"), CONTEXT)

    assert done.error is not None
    assert done.error.code == "timeout"
    assert time.monotonic() - started < 30
    child = int((root.parent / "pid").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    assert not [name for name in os.listdir(root.parent) if name.startswith("cpa-office-")]  # noqa: PTH208
