"""Files moved, packed, unpacked and deleted: whole, inside the root, never over something else."""

import io
import os
import stat
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.core.ids import JobId, TaskId
from scheduler.core.todo import ToDo
from scheduler.executors import file_archives
from scheduler.executors.base_executor import ExecutionContext, ExecutionResult
from scheduler.executors.file_executor import FileExecutor
from scheduler.executors.file_root import FileRoot
from scheduler.executors.files import ArtifactStore
from tests.support.folders import artifacts, root

__all__ = ["artifacts", "root"]

CONTEXT = ExecutionContext(job_id=JobId("job"), task_id=TaskId("files"))


@pytest.fixture
def executor(root: Path, artifacts: ArtifactStore) -> FileExecutor:
    return FileExecutor(root=root, artifacts=artifacts)


def _todo(action: str, **params: Any) -> ToDo:  # noqa: ANN401 - parameters of a step
    return ToDo(id="files", action=f"file.{action}", params=params)


def _put(root: Path, name: str, content: str = "Inhalt") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def _names(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()}


def _code(result: ExecutionResult) -> str:
    assert result.error is not None
    return result.error.code


def _zip(root: Path, entries: dict[str, bytes], mode: int = stat.S_IFREG | 0o644) -> None:
    with zipfile.ZipFile(root / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = mode << 16
            archive.writestr(entry, content)


@pytest.mark.parametrize("pattern", ["mueller", "Müller", "MÜLLER vertrag", "Vertrag mit der Firma Müller", "*müller*"])
async def test_umlauts_case_and_small_words_do_not_hide_a_file(
    executor: FileExecutor, root: Path, pattern: str
) -> None:
    _put(root, "Verträge/Vertrag Müller.pdf")
    _put(root, "Verträge/Vertrag Meier.pdf")

    found = await executor.execute(_todo("find", pattern=pattern), CONTEXT)

    assert found.result["paths"] == ["Verträge/Vertrag Müller.pdf"]


async def test_files_are_found_by_kind_and_day(executor: FileExecutor, root: Path) -> None:
    now = datetime.now(UTC)
    for name, days in (("alt.xlsx", 30), ("neu.XLSX", 0), ("neu.pdf", 0)):
        moment = (now - timedelta(days=days)).timestamp()
        os.utime(_put(root, name), (moment, moment))

    tables = await executor.execute(_todo("find", kind="table"), CONTEXT)
    new = await executor.execute(_todo("find", kind="table", since=str(now.date() - timedelta(days=2))), CONTEXT)
    old = await executor.execute(_todo("find", until=str(now.date() - timedelta(days=9))), CONTEXT)
    nothing = await executor.execute(_todo("find"), CONTEXT)

    assert [done.result["paths"] for done in (tables, new, old)] == [
        ["neu.XLSX", "alt.xlsx"],
        ["neu.XLSX"],
        ["alt.xlsx"],
    ]
    assert _code(nothing) == "invalid_input"


@pytest.mark.parametrize("what", ["a.txt", "ordner"])
async def test_a_move_leaves_nothing_behind_and_is_verified(executor: FileExecutor, root: Path, what: str) -> None:
    _put(root, "a.txt", "A")
    _put(root, "ordner/x.txt", "X")
    todo = _todo("move", source=what, destination="Ablage/2026/")
    before = await executor.verify(todo, CONTEXT)

    done = await executor.execute(todo, CONTEXT)

    assert before.happened is False
    assert done.result == {"path": f"Ablage/2026/{what}"}
    assert (root / "Ablage/2026" / what).exists()
    assert not (root / what).exists()
    assert (await executor.verify(todo, CONTEXT)).result == done.result
    assert _code(await executor.execute(todo, CONTEXT)) == "file_missing"


async def test_a_move_replaces_nothing(executor: FileExecutor, root: Path) -> None:
    for name in ("a", "b", "one/x", "two/y"):
        _put(root, name, name)

    tried = [
        await executor.execute(_todo("move", source="a", destination="b"), CONTEXT),
        await executor.execute(_todo("move", source="one", destination="b"), CONTEXT),
        await executor.execute(_todo("move", source="one", destination="one/two"), CONTEXT),
    ]

    assert [_code(done) for done in tried] == ["invalid_input", "invalid_input", "path_forbidden"]
    assert (root / "b").read_text() == "b"
    assert (root / "one/x").read_text() == "one/x"


async def test_a_move_that_died_between_its_two_names_is_finished(executor: FileExecutor, root: Path) -> None:
    _put(root, "a", "A")
    os.link(root / "a", root / "b")
    todo = _todo("move", source="a", destination="b")

    assert (await executor.verify(todo, CONTEXT)).happened is False
    assert (await executor.execute(todo, CONTEXT)).success
    assert _names(root) == {"b"}


async def test_files_and_folders_are_packed_and_unpacked_the_same(executor: FileExecutor, root: Path) -> None:
    _put(root, "Müller/Übersicht.txt", "Grüße")
    _put(root, "Müller/tief/b.txt", "B")
    _put(root, "c.txt", "C")
    todo = _todo("zip", sources=["Müller", "c.txt"], name="alles")

    packed = await executor.execute(todo, CONTEXT)
    again = await executor.verify(todo, CONTEXT)
    unzip = _todo("unzip", source=packed.result["artifact"], folder="neu")
    before = await executor.verify(unzip, CONTEXT)
    unpacked = await executor.execute(unzip, CONTEXT)

    assert (packed.result["name"], packed.result["count"]) == ("alles.zip", 3)
    assert again.result == packed.result
    assert before.happened is False
    assert set(unpacked.result["paths"]) == {"neu/Müller/Übersicht.txt", "neu/Müller/tief/b.txt", "neu/c.txt"}
    assert (root / "neu/Müller/Übersicht.txt").read_text(encoding="utf-8") == "Grüße"
    assert (await executor.verify(unzip, CONTEXT)).result == unpacked.result
    (root / "neu/c.txt").write_text("anders")
    assert (await executor.verify(unzip, CONTEXT)).happened is False
    assert _code(await executor.execute(unzip, CONTEXT)) == "invalid_input"
    assert (root / "neu/c.txt").read_text() == "anders"


@pytest.mark.parametrize(
    "name", ["../geheim.txt", "/etc/passwd", "a/../../b", "C:\\x", "..\\x", "\\\\server\\x", "C:x", "a\nb", "a/\x01"]
)
async def test_an_archive_that_leads_out_is_refused_whole(executor: FileExecutor, root: Path, name: str) -> None:
    _zip(root, {"gut.txt": b"gut", name: b"boese"})

    done = await executor.execute(_todo("unzip", source="a.zip", folder="neu"), CONTEXT)

    assert _code(done) == "archive_refused"
    assert _names(root) == {"a.zip"}


async def test_a_link_in_an_archive_is_refused(executor: FileExecutor, root: Path) -> None:
    _zip(root, {"hinaus": b"/etc"}, mode=stat.S_IFLNK | 0o777)

    assert _code(await executor.execute(_todo("unzip", source="a.zip", folder="neu"), CONTEXT)) == "archive_refused"


@pytest.mark.parametrize("lie", [False, True], ids=["honest", "lying about its size"])
async def test_a_bomb_is_refused_before_anything_is_written(executor: FileExecutor, root: Path, lie: bool) -> None:
    _zip(root, {"gut.txt": b"gut", "bombe": bytes(60_000_000)})
    if lie:
        packed = bytearray((root / "a.zip").read_bytes())
        place = packed.rindex(b"PK\x01\x02")
        packed[place + 24 : place + 28] = (10).to_bytes(4, "little")
        (root / "a.zip").write_bytes(packed)

    done = await executor.execute(_todo("unzip", source="a.zip", folder="neu"), CONTEXT)

    assert _code(done) == "archive_refused"
    assert not (root / "neu").exists()


async def test_too_many_entries_twins_and_rubbish_are_refused(
    executor: FileExecutor, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_archives, "MAX_ENTRIES", 2)
    unzip = _todo("unzip", source="a.zip", folder="neu")
    _zip(root, {"a": b"", "b": b"", "c": b""})
    many = await executor.execute(unzip, CONTEXT)
    _zip(root, {"a": b"1", "b": b"2"})
    (root / "a.zip").write_bytes((root / "a.zip").read_bytes().replace(b"b", b"a"))
    twins = await executor.execute(unzip, CONTEXT)
    (root / "a.zip").write_bytes(b"PK\x03\x04 rubbish")
    rubbish = await executor.execute(unzip, CONTEXT)

    assert [_code(done) for done in (many, twins, rubbish)] == ["archive_refused"] * 3


async def test_folders_are_made_and_things_deleted(executor: FileExecutor, root: Path) -> None:
    make, delete = _todo("mkdir", path="a/b"), _todo("delete", path="a/b")
    before = await executor.verify(make, CONTEXT)

    made = [await executor.execute(make, CONTEXT) for _ in range(2)]
    _put(root, "a/b/voll.txt")
    full = await executor.execute(delete, CONTEXT)
    emptied = await executor.execute(_todo("delete", path="a/b/voll.txt"), CONTEXT)
    deleted = await executor.execute(delete, CONTEXT)
    gone = await executor.execute(delete, CONTEXT)

    assert before.happened is False
    assert [done.result for done in made] == [{"path": "a/b"}] * 2
    assert _code(full) == "file_failed"
    assert emptied.success
    assert deleted.success
    assert (await executor.verify(delete, CONTEXT)).happened is True
    assert _code(gone) == "file_missing"
    assert _code(await executor.execute(_todo("delete", path="."), CONTEXT)) == "path_forbidden"


async def test_nothing_is_moved_unpacked_or_deleted_outside(executor: FileExecutor, root: Path, tmp_path: Path) -> None:
    outside = _put(tmp_path, "geheim.txt", "geheim")
    (root / "hinaus").symlink_to(tmp_path)
    _put(root, "innen.txt")
    _zip(root, {"x.txt": b"x"})

    tried = [
        await executor.execute(todo, CONTEXT)
        for path in ("../geheim.txt", "hinaus/geheim.txt", str(outside))
        for todo in (
            _todo("move", source=path, destination="a"),
            _todo("move", source="innen.txt", destination=path),
            _todo("delete", path=path),
            _todo("mkdir", path=path),
            _todo("zip", sources=[path]),
            _todo("unzip", source="a.zip", folder=path),
        )
    ]

    assert {_code(done) for done in tried} == {"path_forbidden"}
    assert outside.read_text() == "geheim"
    assert (root / "innen.txt").exists()


def test_a_folder_swapped_for_a_link_after_it_was_judged_is_not_followed(root: Path, tmp_path: Path) -> None:
    files = FileRoot(root)
    secret = _put(tmp_path / "aussen", "a.txt", "geheim")
    place = files.locate("da/a.txt")
    (root / "da").symlink_to(tmp_path / "aussen")

    for attack in (
        lambda: files.read(place),
        lambda: files.write(place, b"x", replace=True),
        lambda: files.delete(place),
        lambda: files.move(place, root / "b"),
    ):
        with pytest.raises(Exception, match="outside the allowed folder"):
            attack()
    assert secret.read_text() == "geheim"
    assert [path.name for path in secret.parent.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("kind", ["fifo", "link"])
def test_a_file_swapped_for_something_else_is_not_read(root: Path, tmp_path: Path, kind: str) -> None:
    files = FileRoot(root)
    place = files.locate("a")
    os.mkfifo(place) if kind == "fifo" else place.symlink_to(_put(tmp_path, "geheim.txt"))

    with pytest.raises(Exception, match=r"no file|outside"):
        files.read(place)


def test_packing_twice_gives_the_same_bytes() -> None:
    files = [("b", b"1"), ("a", b"2")]

    assert file_archives.pack(files) == file_archives.pack(files)
    assert zipfile.ZipFile(io.BytesIO(file_archives.pack(files))).namelist() == ["b", "a"]
