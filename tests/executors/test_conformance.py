"""Every executor of ours keeps what executors promise, and the suite finds those that do not."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from scheduler.core.actions import ActionSpec
from scheduler.core.task_executor_interface import AD_HOC, BaseExecutor, ExecutionContext, Performed, Verification
from scheduler.core.todo import ToDo
from scheduler.executors.app_catalog import AppCatalog
from scheduler.executors.app_executor import AppExecutor
from scheduler.executors.app_processes import AppProcesses
from scheduler.executors.calendar_events import Organiser
from scheduler.executors.calendar_executor import CalendarExecutor
from scheduler.executors.conformance import check, main
from scheduler.executors.data_executor import DataExecutor
from scheduler.executors.document_executor import DocumentExecutor
from scheduler.executors.file_executor import FileExecutor
from scheduler.executors.file_root import FileRoot
from scheduler.executors.file_sources import FileSources
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.executors.libreoffice import LibreOffice
from scheduler.executors.mail_executor import MailExecutor
from scheduler.executors.playwright_executor import PlaywrightExecutor
from scheduler.security.secrets_manager import SecretsManager
from tests.support.memory_mail import US, MemoryMailServer, MemoryMailTransport, an_account

ROWS = [{"a": 1, "b": "x"}]


def _step(action: str, **params: Any) -> ToDo:  # noqa: ANN401 - parameters of a step
    return ToDo(id=action.replace(".", "-"), action=action, params=params)


TABLES = (
    _step("data.read_table", source="t.csv"),
    _step("data.extract_table", source="t.csv", format="json"),
    _step("data.write_table", rows=ROWS, name="x.xlsx"),
    _step("data.select", rows=ROWS, sort_by=["a"]),
    _step("data.join", left=ROWS, right=ROWS, on="a"),
)


def _files(root: Path) -> Sequence[ToDo]:
    for name in ("a.txt", "b.txt", "c.txt"):
        (root / name).write_text(name)
    (root / "t.csv").write_text("a;b\n1;2\n")
    (root / "d.pdf").write_bytes(b"%PDF-1.7")
    return (
        _step("file.find", pattern="a.txt"),
        _step("file.copy", source="a.txt", destination="d/"),
        _step("file.move", source="b.txt", destination="d/"),
        _step("file.read", path="a.txt"),
        _step("file.attach", path="a.txt"),
        _step("file.mkdir", path="e"),
        _step("file.zip", sources="a.txt"),
        _step("file.delete", path="c.txt"),
    )


def _executors(tmp_path: Path) -> dict[str, tuple[BaseExecutor, Sequence[ToDo]]]:
    root = tmp_path / "root"
    root.mkdir()
    artifacts = ArtifactStore(tmp_path / "artifacts")
    sources = FileSources(FileRoot(root), artifacts)
    mail = MemoryMailTransport(MemoryMailServer(), an_account())
    soffice = tmp_path / "soffice"
    at = {"start": "2026-12-01T09:00:00+01:00", "end": "2026-12-01T10:00:00+01:00"}
    files = _files(root)
    return {
        "file": (FileExecutor(root=root, artifacts=artifacts), files),
        "data": (DataExecutor(root=root, artifacts=artifacts), TABLES),
        "document": (
            DocumentExecutor(sources=sources, office=LibreOffice(program=soffice, limit=timedelta(seconds=1))),
            (_step("document.export_pdf", source="d.pdf"),),
        ),
        "app": (
            AppExecutor(
                catalog=AppCatalog.load({}),
                decide=lambda _app: (True, "all"),
                processes=AppProcesses(str(tmp_path)),
                sources=sources,
            ),
            (),
        ),
        "calendar": (
            CalendarExecutor(store=None, missing=(), transport=mail, organiser=Organiser(US)),
            (_step("calendar.create", title="T", participants="anna@example.com", **at),),
        ),
        "mail": (
            MailExecutor(transport=mail, artifacts=artifacts),
            (_step("mail.send", to="anna@example.com", subject="S"), _step("mail.search", words="x")),
        ),
        "web": (
            PlaywrightExecutor(
                artifacts=artifacts,
                screenshots=ScreenshotStore(tmp_path / "screenshots"),
                secrets=SecretsManager(tmp_path / "secrets.yaml"),
                sessions=tmp_path / "sessions",
            ),
            (),
        ),
    }


@pytest.mark.parametrize("name", ["file", "data", "document", "app", "calendar", "mail", "web"])
async def test_our_executors_keep_their_promises(name: str, tmp_path: Path) -> None:
    executor, examples = _executors(tmp_path)[name]

    assert await check(executor, examples) == []


class Liar(BaseExecutor):
    """Breaks every promise there is."""

    actions: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec(name="Lie", description=" "),
        ActionSpec(name="lie.twice", description="x", result=frozenset({"a"})),
        ActionSpec(name="lie.twice", description="x", result=frozenset({"a"})),
    )

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:  # noqa: ARG002
        return Performed(result={"b": {1, 2}})

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:  # noqa: ARG002
        return Verification(happened=False)


async def test_broken_promises_are_named() -> None:
    problems = "\n".join(await check(Liar(), [_step("lie.twice"), _step("lie.never")]))

    for said in (
        "Lie: a name is dotted",
        "Lie: needs a description",
        "Lie: says nothing of its result",
        "lie.twice: is listed twice",
        "must end as unknown_action, not success",
        "lie.twice: parameters that do not fit must end as invalid_input, not success",
        "fields it does not list: b",
        "its result is no JSON",
        "verify says it did not happen, though it did",
        "lie.never: the example's action is not listed",
    ):
        assert said in problems


def test_the_command_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    ended = [main([f"{__name__}:Liar"]), main(["no_such_module:X"]), main(["json:loads"]), main([])]

    assert ended == [1, 2, 2, 2]
    assert "no class derived from BaseExecutor" in capsys.readouterr().err
