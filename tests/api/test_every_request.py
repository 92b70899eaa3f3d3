"""Requests made up from the API's own description, right and wrong ones: none is answered by a crash.

Every second one is about something that is there: a job, a dead letter, a plan, a schedule, an agent. The seed is
printed; `FUZZ_SEED=… pytest …` makes the same requests again.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, strategies
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation

from examples.mailbox.dovecot import free_port
from scheduler.api.app import build_app, describe
from scheduler.security.lam_signatures import SigningKey
from scheduler.settings import ApiSettings
from tests.support.cpa_process import cpa_process
from tests.support.services import clean_environment
from tests.support.sites import put_sites

__all__ = ["clean_environment"]

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_environment")]
_PATIENCE = 120.0  # seconds; the first sentence that rules do not know has the examples learned
_MAIL = "Schick eine Mail an anna@example.com mit dem Text: Bis morgen"
_NOBODY = frozenset({"no_free_agent", "agent_unreachable"})
_LONGEST_POLL = 60  # seconds
STREAMS = frozenset({"/jobs/{job_id}/events"})
"""Of a job that exists it is answered with a stream that ends with the job: only its head is read."""


@pytest.fixture
def service(tmp_path: Path, store_path: Path) -> Iterator[str]:
    """A real service without a key, and a log that is shown when it fails."""
    port, log = free_port("127.0.0.1"), tmp_path / "log"
    put_sites(tmp_path / "sites", {})
    settings = {
        "CPA_DATA_DIR": str(tmp_path),
        "CPA_DATABASE_URL": f"sqlite:///{store_path}",
        "CPA_SECRETS_FILE": str(tmp_path / "secrets.yaml"),
        "CPA_SITES_DIR": str(tmp_path / "config"),
        "CPA_API_PORT": str(port),
        "CPA_LOG_LEVEL": "warning",
    }
    with cpa_process(settings, log) as process:
        _wait(process.url, log)
        yield process.url
        assert process.alive
    crashes = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if "crashed" in line]
    assert crashes == []


@dataclass(frozen=True)
class Things:
    """What is there, by the names of paths; `token` is the agent's."""

    names: Mapping[str, Sequence[str]]
    token: str

    def named_in(self, case: schemathesis.Case[Any], which: int) -> None:
        """Have a request be about what is there, and come from the agent where it is one of an agent."""
        for name in case.path_parameters:
            if name in self.names:
                case.path_parameters[name] = self.names[name][which % len(self.names[name])]
        if "agent_id" in case.path_parameters and which:
            case.headers["Authorization"] = f"Bearer {self.token}"
        if isinstance(case.query.get("wait"), int | float) and 0 <= case.query["wait"] <= _LONGEST_POLL:
            case.query["wait"] = 0  # nothing comes


def _wait(url: str, log: Path) -> None:
    for _ in range(600):
        try:
            httpx.get(f"{url}/health", timeout=1)
        except httpx.TransportError:
            continue
        return
    raise AssertionError(log.read_text())


def _things(url: str) -> Things:
    """Put one of each thing there is into the service; return by which names of paths they are found.

    There is no mailbox, so the job fails and is a dead letter, and another one waits for an answer.
    """
    with httpx.Client(base_url=url, timeout=_PATIENCE, trust_env=False) as client:

        def made(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = client.post(path, json=body)
            assert answer.is_success, answer.text
            return dict(answer.json())

        jobs = [made("/schedule", {"text": text})["job_id"] for text in (_MAIL, "Schick eine Mail")]
        plan = made("/plan", {"text": _MAIL})["plan_hash"]
        schedule = made("/schedules", {"name": "morgens", "text": _MAIL, "cron": "30 9 * * MON-FRI"})
        key = SigningKey.generate().public.model_dump()
        agent = made("/agents/register", {"name": "web-1", "type": "web", "capabilities": ["web.click"], "key": key})
        names = {
            "job_id": jobs,
            "task_id": ["send"],
            "plan_hash": [plan],
            "schedule": [schedule["id"], "morgens"],
            "agent_id": [agent["agent_id"]],
            "named": ["send_mail"],
        }
        return Things(names, agent["token"])


@pytest.mark.parametrize(
    ("examples", "most"), [(3, 12), pytest.param(150, 1000, marks=pytest.mark.slow_fault)], ids=["some", "all"]
)
def test_no_request_makes_the_service_fail(service: str, examples: int, most: int) -> None:
    """The short form takes some operations, others each time: making up requests costs most of a second for each."""
    seed = int(os.environ.get("FUZZ_SEED") or random.SystemRandom().randrange(10**6))
    print(f"repeat with: FUZZ_SEED={seed}")  # noqa: T201
    schema = schemathesis.openapi.from_dict(describe(build_app(ApiSettings())))
    told: Counter[int] = Counter()
    crashes: list[str] = []
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    some = random.Random(seed).sample(operations, min(most, len(operations)))  # noqa: S311
    things = _things(service)
    for operation in sorted(some, key=lambda operation: operation.method.lower() == "delete"):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _ask(operation, mode, service, things, examples, seed, told, crashes)
    print(f"{sum(told.values())} requests: {dict(sorted(told.items()))}")  # noqa: T201
    assert crashes == []
    assert len(told) > 1


def _nobody_there(answer: requests.Response) -> bool:
    """Whether it says that an agent is not at work or cannot be reached: then nothing of ours is wrong."""
    return answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and answer.json()["code"] in _NOBODY


def _ask(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    url: str,
    things: Things,
    examples: int,
    seed: int,
    told: Counter[int],
    crashes: list[str],
) -> None:
    """Make requests of an operation, right or wrong ones; note what was told, and which were answered by a crash."""

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(
        case=operation.as_strategy(generation_mode=mode), there=strategies.booleans(), which=strategies.integers(0, 1)
    )
    def ask(case: schemathesis.Case[Any], there: bool, which: int) -> None:
        if there:
            things.named_in(case, which)
        # not case.call: it wants the pools of urllib3, in whose place caldav's dependencies put another library
        how = case.as_transport_kwargs(base_url=url)
        with requests.request(**how, timeout=_PATIENCE, stream=operation.path in STREAMS) as answer:
            told[answer.status_code] += 1
            if answer.status_code >= 500 and not _nobody_there(answer):
                crashes.append(f"{answer.status_code} {answer.text[:200]}: {case.as_curl_command()}")

    with suppress(hypothesis.errors.Unsatisfiable):  # there is no wrong request where anything is right
        ask()
