"""Requests made up from the API's own description, right and wrong ones: none is answered by a crash.

The seed is printed; `FUZZ_SEED=… pytest …` makes the same requests again.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation

from examples.mailbox.dovecot import free_port
from scheduler.api.app import build_app, describe
from scheduler.settings import ApiSettings
from tests.support.cpa_process import cpa_process
from tests.support.services import clean_environment
from tests.support.sites import put_sites

__all__ = ["clean_environment"]

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_environment")]
_PATIENCE = 120.0  # seconds; the first sentence that rules do not know has the examples learned
STREAMS = frozenset({"/jobs/{job_id}/events"})
"""Of a job that exists it is answered with a stream that ends with the job."""


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


def _wait(url: str, log: Path) -> None:
    for _ in range(600):
        try:
            httpx.get(f"{url}/health", timeout=1)
        except httpx.TransportError:
            continue
        return
    raise AssertionError(log.read_text())


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
    operations = [operation for operation in operations if operation.path not in STREAMS]
    for operation in random.Random(seed).sample(operations, min(most, len(operations))):  # noqa: S311
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _ask(operation, mode, service, examples, seed, told, crashes)
    print(f"{sum(told.values())} requests: {dict(sorted(told.items()))}")  # noqa: T201
    assert crashes == []
    assert len(told) > 1


def _ask(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    url: str,
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
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case[Any]) -> None:
        # not case.call: it wants the pools of urllib3, in whose place caldav's dependencies put another library
        answer = requests.request(**case.as_transport_kwargs(base_url=url), timeout=_PATIENCE)
        told[answer.status_code] += 1
        if answer.status_code >= 500 and answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            crashes.append(f"{answer.status_code} {answer.text[:200]}: {case.as_curl_command()}")

    with suppress(hypothesis.errors.Unsatisfiable):  # there is no wrong request where anything is right
        ask()
