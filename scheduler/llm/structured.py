"""Between a pydantic model and the JSON that a language model is asked for."""

from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from scheduler.core.errors import LLMInvalidOutputError
from scheduler.core.problems import first_flaw
from scheduler.llm.exchange import Form
from scheduler.llm.llm_provider import Answer

_FENCE = "```"


@cache
def form_of(model: type[BaseModel]) -> Form:
    """Return the JSON Schema an answer must fit."""
    return Form(model.__name__, model.model_json_schema())


def read_answer(model: type[Answer], text: str, provider: str) -> Answer:
    """Read the answer. Raises LLMInvalidOutputError, which says where it does not fit and keeps what came."""
    try:
        return model.model_validate_json(_unfenced(text))
    except ValidationError as error:
        path, problem = first_flaw(error)
        raise LLMInvalidOutputError(provider, f"{path or 'answer'}: {problem.en}", text) from error


def _unfenced(text: str) -> str:
    """Return what stands between the fences that a model put around its whole answer."""
    first, _, behind = text.strip().partition("\n")
    if first.rstrip().casefold() in {_FENCE, f"{_FENCE}json"} and behind.endswith(_FENCE):
        return behind.removesuffix(_FENCE)
    return text


def can_be_strict(schema: dict[str, Any]) -> bool:
    """Whether OpenAI's strict mode takes the schema: every object closed, with all its fields required."""
    return all(
        node.get("additionalProperties") is False and set(node.get("required", ())) == set(node.get("properties", {}))
        for node in _objects(schema)
    )


def _objects(node: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    if isinstance(node, list):
        return [found for one in node for found in _objects(one)]
    if not isinstance(node, dict):
        return []
    here = [node] if node.get("type") == "object" else []
    return here + [found for one in node.values() for found in _objects(one)]
