"""Files beside the sentence: attachments become artifacts of the job, a table becomes a job per row, each once."""

import asyncio
import io
from typing import Any

import openpyxl
import pytest

from scheduler.api.middleware import MAX_UPLOAD
from scheduler.core.errors import StoreBusyError
from scheduler.core.ids import DEFAULT_TENANT
from scheduler.core.job import Job
from scheduler.orchestrator.attachments import UploadedFile
from scheduler.orchestrator.job_service import JobService
from scheduler.orchestrator.planned_request import PlannedRequest
from scheduler.orchestrator.planner import Planner
from scheduler.repository.sqlite_repository import SQLiteJobRepository
from tests.support.services import Api

pytestmark = pytest.mark.component

ATTACHED = "Schick die angehängte Datei an anna@example.com"
ROWS = "Hol die Rechnung {number} aus dem Portal und schick sie an {recipient}"
GOOD = "number;recipient\n4711;anna@example.com\n0815;bob@example.com\n"


async def send(api: Api, text: str, *files: tuple[str, bytes], **options: Any) -> Any:  # noqa: ANN401 - httpx's
    parts = [("files", (name, content)) for name, content in files]
    return await api.client.post("/schedule", data={"text": text}, files=parts, **options)


async def send_unique(api: Api, unique: str, *files: tuple[str, bytes], text: str = ATTACHED) -> Any:  # noqa: ANN401
    parts = [("files", file) for file in files]
    return await api.client.post("/schedule", data={"text": text, "unique": unique}, files=parts)


def kept(api: Api) -> list[str]:
    return sorted(path.name for path in api.services.settings.store.data_dir.glob("artifacts/*/input/*"))


async def send_table(api: Api, content: bytes | str, name: str = "cases.csv", **fields: str) -> Any:  # noqa: ANN401
    data = {"text": ROWS, **fields}
    return await api.client.post("/tables", data=data, files={"table": (name, content)})


@pytest.mark.parametrize("text", [ATTACHED, "Send the attached file to anna@example.com"])
async def test_an_attached_file_is_an_artifact_of_the_job_and_goes_with_its_mail(working_api: Api, text: str) -> None:
    answer = await send(working_api, text, ("../../Bericht März.pdf", b"%PDF-1"), ("b.txt", b"x"))

    assert answer.status_code == 202, answer.text
    detail = await working_api.ended(answer.json()["job_id"])
    job = await working_api.services.jobs.get(answer.json()["job_id"], "default")  # type: ignore[arg-type]
    (mail,) = job.task_graph.tasks.values()
    assert detail["status"] == "done"
    assert [path.name for path in working_api.services.artifacts.list(job.id)] == ["Bericht März.pdf", "b.txt"]
    assert [working_api.services.artifacts.path_of(one).read_bytes() for one in mail.params["attachments"]] == [
        b"%PDF-1", b"x",
    ]  # fmt: skip
    assert "Bericht März.pdf, b.txt" in mail.params["body"]


async def test_the_same_request_is_accepted_once_and_keeps_its_files_once(api: Api) -> None:
    first, second = [await send(api, ATTACHED, ("a.txt", b"x"), headers={"Idempotency-Key": "k"}) for _ in range(2)]
    other = await send(api, ATTACHED, ("a.txt", b"y"), headers={"Idempotency-Key": "k"})

    assert first.json()["job_id"] == second.json()["job_id"]
    assert other.status_code == 409
    assert len(list(api.services.settings.store.data_dir.glob("artifacts/*/input/*"))) == 1


@pytest.mark.parametrize("error", [StoreBusyError("cpa.db"), asyncio.CancelledError()])
async def test_files_of_a_job_that_is_stored_stay_though_nobody_was_told_of_it(
    working_api: Api, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    save = SQLiteJobRepository.save

    async def save_and_fail(*arguments: Any, **more: Any) -> Job:  # noqa: ANN401 - those of `save`
        await save(*arguments, **more)
        raise error

    file = UploadedFile("a.txt", b"x")
    with monkeypatch.context() as patch:
        patch.setattr(SQLiteJobRepository, "save", save_and_fail)
        patch.setattr(JobService, "_earlier", nobody_knows)
        with pytest.raises(type(error)):
            await working_api.services.attachments.schedule(ATTACHED, [file], tenant=DEFAULT_TENANT, key="k")
    again = await send(working_api, ATTACHED, ("a.txt", b"x"), headers={"Idempotency-Key": "k"})

    assert (await working_api.ended(again.json()["job_id"]))["status"] == "done"
    assert kept(working_api) == ["a.txt"]
    assert working_api.rows()["jobs"] == 1


async def nobody_knows(*_: object) -> None: ...


async def test_files_of_a_job_that_was_not_stored_do_not(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> Job:
        raise StoreBusyError("cpa.db")

    monkeypatch.setattr(SQLiteJobRepository, "save", fail)

    assert (await send(api, ATTACHED, ("a.txt", b"x"))).status_code == 503
    assert kept(api) == []


async def test_the_same_sentence_with_the_same_files_is_one_of_a_kind(api: Api) -> None:
    first = await send_unique(api, "{}", ("a.txt", b"x"))
    again = await send_unique(api, "{}", ("a.txt", b"x"))
    refused = await send_unique(api, '{"on_conflict": "refuse"}', ("a.txt", b"x"))
    others = [await send_unique(api, "{}", file) for file in (("a.txt", b"y"), ("b.txt", b"x"))]

    assert [one.status_code for one in (first, again, refused, *others)] == [202, 200, 409, 202, 202]
    assert (again.json()["job_id"], again.json()["existing"]) == (first.json()["job_id"], True)
    assert again.headers["Location"] == first.headers["Location"]
    assert kept(api) == ["a.txt", "a.txt", "b.txt"]


async def test_what_asks_with_the_same_files_is_one_of_a_kind(api: Api) -> None:
    sentence = "Schick die angehängte Datei"
    first, again, other = [
        await send_unique(api, "{}", ("a.txt", content), text=sentence) for content in (b"x", b"x", b"y")
    ]

    assert [one.status_code for one in (first, again, other)] == [202, 200, 202]
    assert again.json()["questions"] == first.json()["questions"] != []
    assert kept(api) == ["a.txt", "a.txt"]


@pytest.mark.parametrize(
    ("unique", "field"), [("yes", "unique"), ("true", "unique"), ('{"states": ["done"]}', "unique.states")]
)
async def test_a_form_that_says_wrongly_what_is_one_of_a_kind_is_refused(api: Api, unique: str, field: str) -> None:
    answers = [await send_unique(api, unique, ("a.txt", b"x")), await send_table(api, GOOD, unique=unique)]

    assert [(one.status_code, one.json()["field"]) for one in answers] == [(422, field)] * 2
    assert kept(api) == []


async def test_a_field_that_a_form_does_not_know_is_refused_and_named(api: Api) -> None:
    form, file = {"text": ATTACHED, "Locale": "en"}, {"files": ("a.txt", b"x")}
    json = await api.client.post("/schedule", json={"text": ATTACHED, "Locale": "en"})
    answers = [
        await api.client.post("/schedule", data=form, files=file),
        await api.client.post("/schedule", data={"text": ATTACHED}, files={**file, "Locale": ("b.txt", b"y")}),
        await send_table(api, GOOD, Locale="en"),
    ]

    told = [[one.status_code, *(one.json()[name] for name in ("code", "field", "detail"))] for one in (json, *answers)]
    assert told == [[422, "invalid_field", "Locale", json.json()["detail"]]] * 4
    assert kept(api) == []
    assert api.rows()["jobs"] == 0


async def test_rows_may_be_the_only_ones_of_their_kind(api: Api) -> None:
    there = await api.client.post(
        "/schedule",
        json={"text": "Hol die Rechnung 0815 aus dem Portal und schick sie an bob@example.com", "unique": {}},
    )

    mine = (await send_table(api, GOOD, unique="{}")).json()
    again = (await send_table(api, GOOD, unique="{}")).json()
    refused = await send_table(api, GOOD, unique='{"on_conflict": "refuse"}', key="number")

    assert [(row["job_id"] == there.json()["job_id"], row["existing"]) for row in mine["rows"]] == [
        (False, False),
        (True, True),
    ]
    assert again == mine
    assert (refused.status_code, {row["problem"]["code"] for row in refused.json()["rows"]}) == (
        207,
        {"unique_conflict"},
    )
    assert (await api.client.get("/jobs")).json()["total"] == 2


async def test_a_key_of_a_table_is_told_apart_by_those_of_its_rows(api: Api) -> None:
    first = (await send_table(api, GOOD, unique='{"key": "invoices"}', key="number")).json()
    corrected = GOOD.replace("anna@", "anja@").replace("number", "nr")
    text = ROWS.replace("number", "nr")

    second = (await send_table(api, corrected, unique='{"key": "invoices"}', key="nr", text=text)).json()
    other = (await send_table(api, corrected, unique='{"key": "claims"}', key="nr", text=text + "!")).json()

    assert [(row["job_id"], row["existing"]) for row in second["rows"]] == [
        (row["job_id"], True) for row in first["rows"]
    ]
    assert [row["existing"] for row in (*first["rows"], *other["rows"])] == [False] * 4


@pytest.mark.component  # what was learned is asked
async def test_what_lacks_something_waits_with_its_files_until_it_is_answered(working_api: Api) -> None:
    sentence, keyed = "Schick die angehängte Datei", {"Idempotency-Key": "k"}
    asked = await send(working_api, sentence, ("a.txt", b"x"), headers=keyed)
    again = await send(working_api, sentence, ("a.txt", b"x"), headers=keyed)
    path, artifacts = asked.headers["Location"], working_api.services.artifacts
    waiting = [file.read_bytes() for file in artifacts.list(asked.json()["job_id"])]

    answered = await working_api.client.post(f"{path}/answer", json={"text": "anna@example.com"})
    ended = await working_api.ended(asked.json()["job_id"])
    job = await working_api.services.jobs.get(asked.json()["job_id"], "default")  # type: ignore[arg-type]

    assert (asked.json()["status"], again.json()["job_id"]) == ("waiting", asked.json()["job_id"])
    assert [question["slot"] for question in asked.json()["questions"]] == ["recipient"]
    assert waiting == [b"x"]
    assert (answered.json()["status"], ended["status"]) == ("pending", "done")
    (mail,) = job.task_graph.tasks.values()
    assert [artifacts.path_of(one).read_bytes() for one in mail.params["attachments"]] == [b"x"]
    assert "a.txt" in mail.params["body"]
    assert len(list(working_api.services.settings.store.data_dir.glob("artifacts/*/input/*"))) == 1


@pytest.mark.component  # what was learned is asked
async def test_who_wants_no_question_is_refused_and_no_file_is_kept(api: Api) -> None:
    files = {"files": ("a.txt", b"x")}
    answer = await api.client.post(
        "/schedule", data={"text": "Schick die angehängte Datei", "ask": "false"}, files=files
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "missing_slot")
    assert not list(api.services.settings.store.data_dir.glob("artifacts/*/input/*"))


@pytest.mark.parametrize(
    ("text", "files", "status", "field"),
    [
        ("Erzähl mir einen Witz", [("a.txt", b"x")], 422, "text"),
        ("Lies meine Mails", [("a.txt", b"x")], 422, "files"),
        (ATTACHED, [("a.txt", b"")], 422, "files[0]"),
        (ATTACHED, [(f"{n}.txt", b"x") for n in range(21)], 422, "files"),
        (ATTACHED, [("a.txt", bytes(MAX_UPLOAD))], 413, None),
    ],
)
async def test_what_cannot_be_accepted_leaves_nothing_behind(
    api: Api, text: str, files: list[tuple[str, bytes]], status: int, field: str | None
) -> None:
    before = api.rows()

    answer = await send(api, text, *files)

    assert (answer.status_code, answer.json().get("field")) == (status, field or answer.json().get("field"))
    assert api.rows() == before
    assert not list(api.services.settings.store.data_dir.glob("artifacts/*"))


async def test_json_still_finds_its_own_route(api: Api) -> None:
    assert (await api.submit())["status"] == "pending"


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Fälle", 0)
    for row in (["number", "recipient"], [4711, "anna@example.com"], ["0815", "bob@example.com"]):
        sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize(("name", "content"), [("cases.csv", GOOD.encode()), ("cases.xlsx", _workbook())])
async def test_each_row_becomes_a_job_and_is_done_once_however_often_it_is_sent(
    api: Api, name: str, content: bytes
) -> None:
    first, second = [(await send_table(api, content, name)).json() for _ in range(2)]

    assert first["accepted"] == 2
    assert [row["row"] for row in first["rows"]] == [2, 3]
    assert [row["job_id"] for row in first["rows"]] == [row["job_id"] for row in second["rows"]]
    jobs = (await api.client.get("/jobs")).json()["jobs"]
    assert sorted(job["description"] for job in jobs) == [
        "Hol die Rechnung 0815 aus dem Portal und schick sie an bob@example.com",
        "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com",
    ]


async def test_a_row_that_was_added_is_the_only_new_job(api: Api) -> None:
    first = (await send_table(api, GOOD, key="number")).json()
    second = (await send_table(api, GOOD + "4712;carl@example.com\n", key="number")).json()
    changed = await send_table(api, GOOD.replace("anna@", "anja@"), key="number")

    assert [row["job_id"] for row in second["rows"]][:2] == [row["job_id"] for row in first["rows"]]
    assert (await api.client.get("/jobs")).json()["total"] == 3
    assert (changed.status_code, changed.json()["rows"][0]["problem"]["code"]) == (207, "idempotency_conflict")


async def test_rows_are_known_again_wherever_they_stand(api: Api) -> None:
    head, *rows = GOOD.splitlines()
    first = (await send_table(api, GOOD)).json()

    again = await send_table(api, "\n".join([head, "4710;carl@example.com", *reversed(rows)]))

    assert again.status_code == 202, again.text
    assert [row["job_id"] for row in again.json()["rows"]][1:] == [row["job_id"] for row in reversed(first["rows"])]
    assert (await api.client.get("/jobs")).json()["total"] == 3


async def test_rows_are_known_again_whatever_their_words_have_come_to_mean(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = (await send_table(api, GOOD)).json()
    plan = Planner.plan

    async def otherwise(*given: Any, **named: Any) -> PlannedRequest:  # noqa: ANN401 - as the method
        return (await plan(*given, **named)).model_copy(update={"intent": "send_mail"})

    monkeypatch.setattr(Planner, "plan", otherwise)

    assert (await send_table(api, GOOD)).json() == first


@pytest.mark.parametrize(
    ("content", "fields", "field", "says"),
    [
        ("number;recipient\n4711;anna@example.com\n;b@example.com\n", {}, "rows[3].number",
         "Zeile 3, Spalte number: die Zelle ist leer"),
        ("number;recipient\n4711;anna@@example\n", {}, "rows[2].recipient", "keine Mailadresse"),
        (GOOD, {"text": "Schick {nothing} an anna@example.com"}, "text", "die Spalte „nothing“ gibt es nicht"),
        (GOOD, {"text": "Lies meine Mails"}, "text", "nennt keine Spalte"),
        (GOOD, {"key": "id"}, "key", "die Spalte „id“ gibt es nicht"),
        (GOOD + GOOD.partition("\n")[2], {"key": "number"}, "rows[4].number", "steht schon in einer früheren Zeile"),
        ("number;recipient\n", {}, "table", "1 bis 1000 Zeilen"),
        ("", {}, "table", "leer"),
    ],
)  # fmt: skip
async def test_a_bad_row_is_named_and_nothing_is_stored(
    api: Api, content: str, fields: dict[str, str], field: str, says: str
) -> None:
    before = api.rows()

    answer = await send_table(api, content, **fields)

    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert says in answer.json()["detail"]
    assert api.rows() == before


@pytest.mark.slow_fault  # it plans four thousand sentences
async def test_a_thousand_rows_are_a_thousand_jobs_once(api: Api) -> None:
    rows = [f"{number};kunde{number}@example.com" for number in range(10_000, 11_000)]

    def table(lines: list[str]) -> str:
        return "\n".join(["number;recipient", *lines])

    bad = await send_table(api, table([*rows[:699], "10699;kunde@@example", *rows[700:]]))
    long = await send_table(api, table([*rows, "11000;kunde@example.com"]))
    assert (bad.status_code, bad.json()["field"], long.status_code) == (422, "rows[701].recipient", 422)
    assert (await api.client.get("/jobs")).json()["total"] == 0

    first, second = [(await send_table(api, table(rows))).json() for _ in range(2)]

    assert first["accepted"] == 1000
    assert len({row["job_id"] for row in first["rows"]}) == 1000
    assert [(row["row"], row["job_id"]) for row in second["rows"]] == [
        (row["row"], row["job_id"]) for row in first["rows"]
    ]
    assert (await api.client.get("/jobs")).json()["total"] == 1000
