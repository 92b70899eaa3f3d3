"""A file is there whole or not at all, keeps its name whatever it is, and never leaves its folder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.errors import ArtifactNotFoundError
from scheduler.core.ids import JobId, TaskId
from scheduler.executors.files import ArtifactStore, ScreenshotStore, safe_name, write_durably

JOB, TASK = JobId("0197-job"), TaskId("download")

DIES_BEFORE_THE_RENAME = """
import os, signal, sys
from pathlib import Path
from scheduler.executors.files import write_durably

def die(self, target):
    os.kill(os.getpid(), signal.SIGKILL)

Path.replace = die
write_durably(Path(sys.argv[1]), b"new" * 1000)
"""


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def test_a_file_is_written_whole_with_its_folders_and_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "rechnung.pdf"

    write_durably(path, b"first", mode=0o600)
    write_durably(path, b"second", mode=0o600)

    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rechnung.pdf"
    write_durably(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_durably(path, b"new")

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.fault
@pytest.mark.integration
def test_a_process_that_dies_while_writing_leaves_the_old_file(store: ArtifactStore) -> None:
    path = store.path_of(store.save(JOB, TASK, "rechnung.pdf", b"old"))

    ended = subprocess.run([sys.executable, "-c", DIES_BEFORE_THE_RENAME, path], timeout=30, check=False)

    assert ended.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    assert store.list(JOB) == (path,)


@pytest.mark.parametrize(
    "name",
    [
        "rechnung.pdf",
        "Rechnung für Jörg & Söhne – März.pdf",
        "📎👩‍👩‍👧 Beleg.pdf",
        "请求书.pdf",
        "100 % #1?x=y;z.pdf",
        "a" * 300,
        "ü" * 150 + ".pdf",
        "📎" * 100 + ".tar.gz",
        "x." + "y" * 298,
        "no suffix",
    ],
)
def test_an_artifact_keeps_its_name_and_content(store: ArtifactStore, name: str) -> None:
    address = store.save(JOB, TASK, name, name.encode())

    assert store.name_of(address) == name
    assert store.path_of(address).read_bytes() == name.encode()
    assert address == store.address_of(JOB, TASK, name)
    assert address.isascii()


def test_long_names_that_differ_at_the_end_are_different_files(store: ArtifactStore) -> None:
    names = ["ü" * 150 + ending for ending in ("1.pdf", "2.pdf")]

    addresses = [store.save(JOB, TASK, name, name.encode()) for name in names]

    assert [store.path_of(address).read_bytes() for address in addresses] == [name.encode() for name in names]
    assert {store.path_of(address).suffix for address in addresses} == {".pdf"}


def test_the_same_name_of_the_same_task_is_replaced(store: ArtifactStore) -> None:
    first = store.save(JOB, TASK, "a.pdf", b"1")
    second = store.save(JOB, TASK, "a.pdf", b"2")
    other = store.save(JOB, TaskId("other"), "a.pdf", b"3")

    assert first == second != other
    assert store.path_of(first).read_bytes() == b"2"
    assert len(store.list(JOB)) == 2
    assert store.list(JobId("nobody")) == ()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/etc/shadow", "shadow"),
        ("C:\\temp\\x.pdf", "x.pdf"),
        ("..", "file"),
        (".", "file"),
        ("", "file"),
        ("   ", "file"),
        (". . /", "file"),
        ("a/", "file"),
        (".profile", "profile"),
        (" . .hidden", "hidden"),
        ("a\x00b\nc\u2028d", "a b c d"),
        ("half \ud800 pair", "half   pair"),
    ],
)
def test_a_name_cannot_leave_its_folder(store: ArtifactStore, tmp_path: Path, name: str, safe: str) -> None:
    address = store.save(JOB, TASK, name, b"x")

    assert safe_name(name) == safe
    assert store.name_of(address) == safe
    assert store.path_of(address).parent == tmp_path / "artifacts" / JOB / TASK


@given(st.text())
def test_every_safe_name_is_one_name_and_stays_itself(text: str) -> None:
    name = safe_name(text)

    assert safe_name(name) == name
    assert name
    assert name == Path(name).name
    assert not name.startswith(".")
    assert "\x00" not in name


@pytest.mark.parametrize(
    "address",
    [
        "artifact://0197-job/download/ghost.pdf",
        "artifact://0197-job/download",
        "artifact://0197-job/download/a/b",
        "artifact:///download/a.pdf",
        "artifact://0197-job/download/..",
        "artifact://../../a.pdf",
        "artifact://..%2F..%2Fetc/x/passwd",
        "artifact://[/x/y",
        "file:///etc/passwd",
        "/etc/passwd",
        "http://artifact://a/b/c",
        "",
    ],
)
def test_an_address_of_nothing_is_not_found(store: ArtifactStore, address: str) -> None:
    store.save(JOB, TASK, "there.pdf", b"x")

    with pytest.raises(ArtifactNotFoundError):
        store.path_of(address)


def test_an_address_finds_its_file_only_below_the_root(store: ArtifactStore, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")

    for name in ("..%2Fsecret.txt", "..%2F..%2Fsecret.txt", "%2E%2E%2Fsecret.txt"):
        with pytest.raises(ArtifactNotFoundError):
            store.path_of(f"artifact://{JOB}/{TASK}/{name}")


def test_the_last_picture_has_the_name_of_the_task_and_earlier_ones_are_numbered(tmp_path: Path) -> None:
    store = ScreenshotStore(tmp_path)

    paths = [store.save(JOB, TASK, picture) for picture in (b"first", b"second", b"third")]
    other = store.save(JOB, TaskId("download2"), b"other")

    folder = tmp_path / JOB
    assert paths == [str(folder / "download.png")] * 3
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "download.png": b"third",
        "download.1.png": b"first",
        "download.2.png": b"second",
        "download2.png": b"other",
    }
    assert other == str(store.path_of(JOB, TaskId("download2")))
    assert not store.path_of(JOB, TaskId("never")).exists()
