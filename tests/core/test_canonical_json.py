"""Hashes of stored plans and keys of effects are over canonical JSON: it stays what it always was, to the letter."""

import json

from scheduler.core.task_graph import TaskGraph


def as_ever(document: object) -> str:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def test_the_digest_of_a_stored_plan_stays() -> None:
    steps = [
        {"id": "find", "action": "file.find", "params": {"pattern": "Büro*.pdf", "least": 1e-7}, "timeout": 5},
        {
            "id": "open",
            "action": "web.click",
            "selector": ["label=Öffnen", "css=a"],
            "text": "\t${find.path}",
            "retry": {"max_attempts": 2, "codes": ["b", "a"]},
            "depends_on": [0],
            "verify": {"url": "/ok"},
        },
    ]
    graph = TaskGraph.model_validate({"tasks": steps})
    assert graph.canonical() == as_ever(graph.model_dump(mode="json"))
    assert graph.freeze() == "f790b39ad8bdbd901269e9b7d0693988807fffca01d9b60a8acfc15d505fdc72"
