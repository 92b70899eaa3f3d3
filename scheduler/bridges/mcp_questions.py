"""Puts a job's questions to the person behind an MCP client, where the client can do that (elicitation)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mcp.server.mcpserver import Context
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import is_version_at_least

_ASKED: Final = "answers"
_IN_ROUNDS: Final = "2026-07-28"
"""From this version on a server asks by its answer, and the client comes again."""


def can_ask(context: Context, questions: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the client can put these to a person; secrets must not go that way, says the protocol."""
    capabilities = context.client_capabilities
    if capabilities is None or capabilities.elicitation is None or any(one["secret"] for one in questions):
        return False
    return _in_rounds(context) or context.session.can_send_request


async def ask(
    context: Context, questions: Sequence[Mapping[str, Any]], complaint: str | None = None
) -> dict[str, str] | InputRequiredResult | None:
    """Return the answers by key, or what to answer the client with so that it asks; None: nobody wants to answer.

    `complaint`: None the first time within a call; later what was wrong with the answers before, if anything was.
    """
    if _in_rounds(context):
        given = (
            None if complaint is not None or context.input_responses is None else context.input_responses.get(_ASKED)
        )
        if given is None:
            request = ElicitRequest(
                params=ElicitRequestFormParams(
                    message=_message(questions, complaint), requested_schema=_form(questions)
                )
            )
            return InputRequiredResult(input_requests={_ASKED: request})
        return _read(given) if isinstance(given, ElicitResult) else None
    message = _message(questions, complaint)
    return _read(await context.session.elicit_form(message, _form(questions), context.request_id))


def _in_rounds(context: Context) -> bool:
    version = context.protocol_version
    return version is not None and is_version_at_least(version, _IN_ROUNDS)


def _read(given: ElicitResult) -> dict[str, str] | None:
    if given.action != "accept" or given.content is None:
        return None
    return {key: str(value) for key, value in given.content.items() if value is not None}


def _message(questions: Sequence[Mapping[str, Any]], complaint: str | None) -> str:
    asked = " ".join(str(question["text"]) for question in questions)
    return f"{complaint}\n{asked}" if complaint else asked


def _form(questions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the JSON Schema of the form: one text field per question."""
    return {
        "type": "object",
        "properties": {question["key"]: _field(question) for question in questions},
        "required": [question["key"] for question in questions],
    }


def _field(question: Mapping[str, Any]) -> dict[str, Any]:
    field: dict[str, Any] = {"type": "string", "title": question["text"]}
    labels = [choice["label"] for choice in question["choices"]]
    if labels and not question["open"]:
        return {**field, "enum": labels}
    return {**field, "description": ", ".join(labels)} if labels else field
