"""Where a job stood on the web is kept whole, for the owner's eyes only."""

from pathlib import Path

from scheduler.core.ids import JobId, TaskId
from scheduler.core.targets import Target
from scheduler.core.todo import ToDo
from scheduler.executors.web_session import FormEntry, LastStep, SessionSnapshot, SessionStore
from scheduler.security.sealing import Sealer
from scheduler.security.secrets_manager import SecretsManager

JOB = JobId("job-1")
SEALER = Sealer(SecretsManager(environment={}))
FILL = ToDo(
    id="password", action="web.fill", selector=Target.model_validate("label=Passwort"), text="secret://portal.password"
)


def a_snapshot() -> SessionSnapshot:
    return SessionSnapshot(
        url="http://portal/",
        storage={"cookies": [{"name": "sid", "value": "1"}], "origins": []},
        form=(FormEntry.of(FILL),),
        last=LastStep(task_id=TaskId("password"), result={"fitted": "label=Passwort"}),
    )


def test_a_snapshot_comes_back_as_it_was(tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "sessions", SEALER)

    store.save(JOB, a_snapshot())

    assert store.load(JOB) == a_snapshot()
    assert (tmp_path / "sessions").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "sessions" / "job-1.sealed").stat().st_mode & 0o777 == 0o600


def test_an_entry_can_be_made_again(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, SEALER)
    store.save(JOB, a_snapshot())

    kept = store.load(JOB)

    assert kept is not None
    again = kept.form[0].todo()
    assert (again.action, again.selector, again.text) == (FILL.action, FILL.selector, FILL.text)


def test_what_is_not_there_or_not_ours_is_no_snapshot(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, SEALER)
    (tmp_path / "job-2.sealed").write_text('{"url": 1}')

    assert store.load(JOB) is None
    assert store.load(JobId("job-2")) is None


def test_the_snapshot_of_an_earlier_run_is_none(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, SEALER)
    store.save(JOB, a_snapshot())

    assert store.load(JOB, run=2) is None


def test_the_last_whole_snapshot_counts(tmp_path: Path) -> None:
    store, path = SessionStore(tmp_path, SEALER), tmp_path / "job-1.sealed"
    for steps in (1, 2):
        store.save(JOB, a_snapshot().model_copy(update={"steps": steps}))
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])  # the process died while it wrote the second

    assert (kept := store.load(JOB)) is not None
    assert kept.steps == 1
    store.save(JOB, a_snapshot().model_copy(update={"steps": 3}))
    assert (kept := store.load(JOB)) is not None
    assert kept.steps == 3


def test_a_long_file_of_snapshots_begins_anew(tmp_path: Path) -> None:
    store, path = SessionStore(tmp_path, SEALER), tmp_path / "job-1.sealed"
    large = a_snapshot().model_copy(update={"url": "http://portal/" + "x" * 100_000})

    for steps in range(5):
        store.save(JOB, large.model_copy(update={"steps": steps}))

    assert path.stat().st_size < 400_000
    assert (kept := store.load(JOB)) is not None
    assert kept.steps == 4


def test_a_deleted_snapshot_may_be_deleted_again(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, SEALER)
    store.save(JOB, a_snapshot())

    store.delete(JOB)
    store.delete(JOB)

    assert store.load(JOB) is None


def test_no_job_id_leads_out_of_the_folder(tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "sessions", SEALER)

    store.save(JobId("../../evil"), a_snapshot())

    assert [path.name for path in tmp_path.rglob("*.sealed")] == ["evil.sealed"]
    assert (tmp_path / "sessions" / "evil.sealed").is_file()


def test_cookies_are_sealed_and_another_key_opens_none(tmp_path: Path) -> None:
    SessionStore(tmp_path, SEALER).save(JOB, a_snapshot())

    assert b"sid" not in (tmp_path / "job-1.sealed").read_bytes()
    assert SessionStore(tmp_path, Sealer(SecretsManager(environment={}))).load(JOB) is None
