"""Spoils a valid order at random: whatever comes of it is a job that can be looked at, or a problem document."""

import copy
import json
import random
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.services import SENTENCE, Api

pytestmark = pytest.mark.component

JSON = {"Content-Type": "application/json"}
VALID: Mapping[str, Any] = {
    "intent": "fetch_and_send",
    "description": SENTENCE,
    "context": {"slots": {"recipient": "anna@example.com"}, "desk": [1, 2]},
    "locale": "de",
    "priority": 1,
    "max_retries": 1,
    "deadline_seconds": 60.0,
    "task_graph": {
        "tasks": [
            {
                "id": "open",
                "action": "web.goto",
                "params": {"url": "http://127.0.0.1/"},
                "timeout": 5,
                "retry": {"max_attempts": 2, "base_delay": "PT1S"},
                "verify": {"text": "ok"},
            },
            {"id": "save", "action": "web.download", "selector": {"locators": [{"by": "css", "value": "a"}]}},
            {
                "id": "send",
                "action": "mail.send",
                "depends_on": ["open", 1],
                "params": {"to": ["a@example.com"], "subject": "x", "attachments": ["${save.artifact}"]},
            },
        ]
    },
}
JUNK: list[Any] = [
    None, True, -1, 10**400, 1e308, 0.5, "", "x", "${", "${open.x}", "$${", "secret://x", "\x00", "\ud83d", "ü" * 5000,
    [], [None], [[]], {}, {"": ""}, {"id": "open"}, "text=", "role=button[", "//a", "2026-01-01", "PT", "NaN",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_sent_the_answer_is_a_job_or_a_problem_document(api: Api, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - a test

    for _ in range(100):
        order = json.loads(json.dumps(VALID))
        for _ in range(draw.randint(1, 3)):
            _spoil(order, draw)
        answer = await api.client.post("/jobs", content=json.dumps(order).encode(), headers=JSON)

        if answer.status_code == 202:
            detail = await api.client.get(f"/jobs/{answer.json()['job_id']}")
            assert detail.status_code == 200, order
        else:
            assert answer.status_code in {403, 413, 422}, (order, answer.text)
            assert answer.json()["field"], order


def _spoil(document: Any, draw: random.Random) -> None:  # noqa: ANN401 - JSON
    """Replace, remove or add something somewhere in the document."""
    while True:
        keys = list(document) if isinstance(document, dict) else list(range(len(document)))
        key = draw.choice(keys) if keys else None
        if key is None or draw.random() < 0.4 or not isinstance(document[key], dict | list):
            break
        document = document[key]
    if isinstance(document, dict) and draw.random() < 0.2:
        document[draw.choice(["x", "id", "text", ""])] = copy.deepcopy(draw.choice(JUNK))
    elif key is not None and draw.random() < 0.2:
        del document[key]
    elif key is not None:
        document[key] = copy.deepcopy(draw.choice(JUNK))
