"""How the API describes itself: the OpenAPI document, also the one in the repository."""

import json
import tomllib
from pathlib import Path

import pytest

from scheduler import __version__
from scheduler.api.schema import openapi_json
from tests.support.services import Api

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def ours() -> str:
    return openapi_json()


async def test_the_openapi_document_lies_in_the_repository(api: Api, ours: str) -> None:
    committed = (ROOT / "docs/openapi.json").read_text(encoding="utf-8")

    assert committed == ours, "renew it: python -m scheduler.api.schema > docs/openapi.json"
    assert (await api.client.get("/openapi.json")).json() == json.loads(committed)


def test_the_openapi_document_has_what_readers_need(ours: str) -> None:
    document = json.loads(ours)
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    tags = {tag["name"] for tag in document["tags"]}
    schemas = document["components"]["schemas"]

    assert document["info"]["title"] == "CPA"
    assert {tag for operation in operations for tag in operation["tags"]} == tags
    assert all(tag["description"] for tag in document["tags"])
    assert all(operation.get("description") for operation in operations)
    assert {name for name in schemas if name.endswith("Request") and "examples" in schemas[name]} == {
        "AnswerRequest",
        "CorrectionRequest",
        "CreateJobRequest",
        "CreateScheduleRequest",
        "LettersRequest",
        "PlanRequest",
        "PreviewRequest",
        "ScheduleRequest",
        "TeachRequest",
    }
    assert "HTTPValidationError" not in schemas


def test_the_api_has_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert project["version"] == __version__
