"""What surrounds every route: health, CORS, who may come in, errors, headers, the log."""

import asyncio
from pathlib import Path

import httpx
import pytest
import structlog
from structlog.testing import capture_logs

from scheduler.core.errors import MessageTooLargeError, StoreBusyError
from scheduler.main import check_exposure, create_app
from scheduler.orchestrator.worker import Worker
from scheduler.settings import ApiSettings, SettingError
from scheduler.telemetry.health import Health, HealthStatus, PartHealth, check_health
from tests.support.services import KEY_A, SENTENCE, TWO_TENANTS, Api, OpenApi, bearer, some_settings
from tests.support.websocket import Refused, websocket

pytestmark = pytest.mark.component

ROOT = Path(__file__).parents[2]
FOREIGN = "https://evil.example"
FRIEND = "https://intranet.example.com"


async def test_health_answers_those_who_want_only_its_head(api: Api) -> None:
    answer = await api.client.head("/health")

    assert answer.status_code == 200


async def test_health_names_every_part_and_is_as_well_as_the_worst(working_api: Api) -> None:
    await working_api.ended((await working_api.submit())["job_id"])

    answer = await working_api.client.get("/health")

    health = answer.json()
    assert answer.status_code == 200
    assert set(health["parts"]) == {"database", "queue", "worker", "browser", "mail", "agents"}
    assert health["parts"]["database"]["status"] == "healthy"
    assert health["parts"]["worker"]["status"] == "healthy"
    assert health["parts"]["agents"]["detail"] == "1 in this process"
    assert health["parts"]["mail"] == {
        "status": "degraded",
        "detail": "not set up: CPA_MAIL_ADDRESS, CPA_MAIL_SMTP_HOST, CPA_MAIL_IMAP_HOST",
    }
    assert health["status"] == "degraded"


async def test_a_service_without_a_worker_is_degraded(api: Api) -> None:
    health = (await api.client.get("/health")).json()

    assert health["parts"]["worker"]["status"] == "degraded"


async def test_health_counts_the_jobs_that_wait(api: Api) -> None:
    await api.submit()

    assert (await api.client.get("/health")).json()["parts"]["queue"]["detail"] == "1 waiting"


async def test_without_its_store_the_service_is_unhealthy_and_tells_no_path(api: Api) -> None:
    async def busy() -> PartHealth:
        raise StoreBusyError("/var/lib/cpa.db")

    api.services.checks["database"] = busy  # type: ignore[index]  # a dict behind the mapping

    answer = await api.client.get("/health")

    assert answer.status_code == 503
    assert answer.json()["status"] == "unhealthy"
    assert answer.json()["parts"]["database"]["detail"] == "store_busy"
    assert "/var/lib" not in answer.text


async def test_a_check_that_crashes_or_hangs_is_an_unhealthy_part() -> None:
    async def crashes() -> PartHealth:
        raise RuntimeError("boom")

    async def hangs() -> PartHealth:
        await asyncio.Event().wait()
        raise AssertionError

    with capture_logs() as logged:
        found = await check_health({"crashes": crashes, "hangs": hangs}, limit=0.01)

    assert found == Health(
        status=HealthStatus.UNHEALTHY,
        parts={
            "crashes": PartHealth(status=HealthStatus.UNHEALTHY, detail="its check failed; the log says why"),
            "hangs": PartHealth(status=HealthStatus.UNHEALTHY, detail="no answer within 0.01 s"),
        },
    )
    assert [line["event"] for line in logged] == ["part_unhealthy"]


async def test_health_needs_no_key(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        assert (await api.client.get("/health")).status_code == 200
        assert (await api.client.get("/jobs")).status_code == 401


async def test_without_a_setting_no_origin_gets_cors_headers(api: Api) -> None:
    answer = await api.client.get("/health", headers={"Origin": FOREIGN})
    preflight = await api.client.options("/jobs", headers={"Origin": FOREIGN, "Access-Control-Request-Method": "POST"})

    for response in (answer, preflight):
        assert [name for name in response.headers if name.startswith("access-control-")] == []


async def test_an_allowed_origin_gets_cors_headers_and_no_other_does(open_api: OpenApi) -> None:
    async with open_api(origins=(FRIEND,)) as api:
        friend = await api.client.get("/health", headers={"Origin": FRIEND})
        preflight = await api.client.options(
            "/jobs", headers={"Origin": FRIEND, "Access-Control-Request-Method": "POST"}
        )
        foreign = await api.client.get("/health", headers={"Origin": FOREIGN})

    assert friend.headers["access-control-allow-origin"] == FRIEND
    assert "access-control-allow-credentials" not in friend.headers
    assert preflight.status_code == 200
    assert "access-control-allow-origin" not in foreign.headers


@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://127.0.0.1:9999", "http://["])
async def test_a_page_of_another_origin_may_not_change_anything(api: Api, origin: str) -> None:
    before = api.rows()

    answer = await api.client.post("/schedule", json={"text": SENTENCE}, headers={"Origin": origin})

    assert answer.status_code == 403
    assert answer.json()["code"] == "foreign_origin"
    assert api.rows() == before


async def test_pages_of_its_own_and_of_allowed_origins_may(open_api: OpenApi) -> None:
    async with open_api(origins=(FRIEND,)) as api:
        for origin in ("http://testserver", FRIEND):
            await api.submit(headers={"Origin": origin})


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[", ""])
async def test_without_a_key_a_foreign_name_is_not_answered(api: Api, host: str) -> None:
    answer = await api.client.get("/jobs", headers={"Host": host})

    assert answer.status_code == 421
    assert answer.json()["code"] == "unknown_host"


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "LOCALHOST", "localhost:1", "[::1]:8000", "127.9.9.9", "testserver"]
)
async def test_without_a_key_names_of_loopback_and_the_configured_ones_are_answered(api: Api, host: str) -> None:
    assert (await api.client.get("/jobs", headers={"Host": host})).status_code == 200


async def test_with_a_key_any_name_is_answered(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        answer = await api.client.get("/jobs", headers={"Host": "cpa.example.com", **bearer(KEY_A)})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, bearer(""), bearer("wrong"), bearer(KEY_A[:-1]), {"Authorization": f"Basic {KEY_A}"}, {"X-API-Key": ""}],
)
async def test_without_a_valid_key_nothing_is_answered(open_api: OpenApi, headers: dict[str, str]) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        answer = await api.client.get("/jobs", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthorized"


async def test_the_key_may_come_in_either_header(open_api: OpenApi) -> None:
    async with open_api(key=KEY_A) as api:
        assert (await api.client.get("/jobs", headers={"X-API-Key": KEY_A})).status_code == 200
        assert (await api.client.get("/jobs", headers=bearer(KEY_A))).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "cpa.example.com", "", "localhost.evil.example"])  # noqa: S104
def test_the_network_is_not_served_without_a_key(host: str) -> None:
    with pytest.raises(SettingError, match="CPA_API_KEY"):
        check_exposure(ApiSettings.model_construct(host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_loopback_is_served_without_a_key(host: str) -> None:
    check_exposure(ApiSettings.model_construct(host=host))


async def test_a_crash_is_a_problem_document_that_tells_nothing_but_the_id(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crashes(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("password=geheim")

    monkeypatch.setattr(api.services.jobs, "find", crashes)

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        answer = await api.client.get("/jobs", headers={"X-Correlation-ID": "id-1", "Accept-Language": "en"})

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-correlation-id"] == "id-1"
    assert answer.json()["detail"].startswith("Something unexpected went wrong on our side. Please report the id id-1")
    assert "geheim" not in answer.text
    crash = next(line for line in logged if line["event"] == "request_crashed")
    assert crash["correlation_id"] == "id-1"


async def test_a_service_that_is_away_is_503_with_a_time_to_retry(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_arguments: object, **_options: object) -> None:
        raise StoreBusyError("cpa.db")

    monkeypatch.setattr(api.services.jobs, "find", busy)

    answer = await api.client.get("/jobs")

    assert (answer.status_code, answer.headers["retry-after"], answer.json()["code"]) == (503, "1", "store_busy")


async def test_a_message_that_is_too_large_is_413(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuses(*_arguments: object, **_options: object) -> None:
        raise MessageTooLargeError("payload", size=2, limit=1)

    monkeypatch.setattr(api.services.jobs, "find", refuses)

    assert (await api.client.get("/jobs")).status_code == 413


@pytest.mark.parametrize("path", ["/health", "/jobs", "/jobs/nothing", "/nothing"])
async def test_every_answer_has_the_security_headers_and_an_id(api: Api, path: str) -> None:
    answer = await api.client.get(path)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert len(answer.headers["x-correlation-id"]) == 36


@pytest.mark.parametrize(("given", "kept"), [("abc-123", True), ("a b", False), ("x" * 65, False), ("ü", False)])
async def test_the_clients_correlation_id_is_kept_if_it_is_harmless(api: Api, given: str, kept: bool) -> None:
    answer = await api.client.get("/health", headers={b"X-Correlation-ID": given.encode()})

    assert (answer.headers["x-correlation-id"] == given) is kept


async def test_every_request_is_a_line_of_the_log_with_the_id(api: Api) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        await api.client.get("/jobs/nothing", headers={"X-Correlation-ID": "id-2"})

    by_event = {line["event"]: line for line in logged}
    assert by_event["request_refused"]["code"] == "job_not_found"
    assert by_event["request"]["status"] == 404
    assert {line["correlation_id"] for line in logged} == {"id-2"}


@pytest.mark.parametrize(
    ("preferred", "language"),
    [
        ("", "de"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("fr,en;q=0.8,de;q=0.5", "en"),
        ("en;q=0.2,de;q=0.5", "de"),
        ("en;q=x", "de"),
        ("fr", "de"),
    ],
)
async def test_problems_are_said_in_the_language_the_client_prefers(api: Api, preferred: str, language: str) -> None:
    answer = await api.client.get("/jobs/nothing", headers={"Accept-Language": preferred})

    expected = {"de": "Einen Auftrag nothing gibt es nicht.", "en": "There is no job nothing."}
    assert answer.json()["detail"] == expected[language]


async def test_the_service_works_for_as_long_as_it_runs(tmp_path: Path, store_path: Path) -> None:
    app = create_app(some_settings(tmp_path / "data", store_path))

    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            answer = await client.post(
                "/jobs", json={"task_graph": {"tasks": [{"action": "file.find", "params": {"pattern": "*.pdf"}}]}}
            )
            await client.get(f"/jobs/{answer.json()['job_id']}/events")
            job = (await client.get(f"/jobs/{answer.json()['job_id']}")).json()

    assert job["status"] in {"done", "failed"}


async def test_a_worker_that_crashes_is_told_to_whoever_serves(
    tmp_path: Path, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crashes(_worker: Worker) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(Worker, "run", crashes)
    told = asyncio.Event()
    app = create_app(some_settings(tmp_path / "data", store_path), worker_crashed=told.set)

    with capture_logs() as logged:
        async with app.router.lifespan_context(app), asyncio.timeout(10):
            await told.wait()

    assert "worker_crashed" in {line["event"] for line in logged}


async def test_a_websocket_of_a_foreign_page_or_name_is_refused(api: Api) -> None:
    job = await api.submit()

    for headers in ({"Origin": FOREIGN}, {"Host": "evil.example"}):
        with pytest.raises(Refused):
            async with websocket(api.app, f"/ws/jobs/{job['job_id']}", headers=headers):
                pass
