"""Asks models over OpenAI's interface: OpenAI itself, and every server that speaks like it (`base_url`)."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import openai

from scheduler.core.errors import LLMRequestError, LLMUnavailableError
from scheduler.core.spending import Usage
from scheduler.llm.bounded_answers import BoundedStream, bounding
from scheduler.llm.exchange import (
    Call,
    Chunk,
    Completion,
    Embeddings,
    Finish,
    Form,
    counted,
    text_of,
    vectors_of,
)
from scheduler.llm.managed_provider import ManagedProvider
from scheduler.llm.openai_errors import in_our_words
from scheduler.llm.servers import OPENAI_URL
from scheduler.llm.structured import can_be_strict
from scheduler.llm.terms import Terms
from scheduler.llm.wire import FormTurnedDownError
from scheduler.settings import is_loopback

DEFAULT_EMBEDDING_MODEL: Final = "text-embedding-3-small"
_HEADERS: Final = frozenset(
    {
        "host", "accept", "accept-encoding", "connection", "content-type", "content-length", "authorization",
        "user-agent", "x-stainless-raw-response",
    }
)  # fmt: skip
"""What is sent beside a question; by the last the SDK knows that it is to leave the answer as it came."""
_FORMS: Final = ("response_format", "json_schema", "json_object", "schema", "tool", "function")
_TURNING_DOWN: Final = (
    "support", "unknown", "unrecognized", "invalid", "unexpected", "permitted", "allowed", "implemented", "require",
    "must",
)  # fmt: skip
_FINISHES = {"length": Finish.LENGTH, "content_filter": Finish.REFUSED}


class OpenAIProvider(ManagedProvider):
    """A model behind OpenAI's chat completions."""

    def __init__(
        self,
        api_key: str,
        model: str = "gpt-4",
        *,
        base_url: str = OPENAI_URL,
        embedding_model: str = DEFAULT_EMBEDDING_MODEL,
        terms: Terms | None = None,
    ) -> None:
        super().__init__(OpenAIWire(api_key, model, base_url=base_url, embedding_model=embedding_model), terms)


class OpenAIWire:
    """Keeps the promise of `Wire` with OpenAI's SDK, whose own retries are off.

    Servers differ in how they take the form of an answer: as a JSON Schema, as a tool that must be called, or only as
    "JSON". One that is turned down is not tried again in this process.
    """

    provider = "openai"

    def __init__(self, api_key: str, model: str, *, base_url: str, embedding_model: str) -> None:
        self.model = model
        self.embedding_model = embedding_model
        self.stays_here = is_loopback(urlsplit(base_url).hostname or "")
        self._client = openai.AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            max_retries=0,
            default_headers={"Authorization": f"Bearer {api_key}", "Accept-Encoding": "identity"},
            http_client=httpx2.AsyncClient(
                event_hooks={"request": [_only_ours], "response": [bounding(_Bounded)]},
                trust_env=not self.stays_here,
            ),
        )
        self._ways: list[Callable[[Call, Form], tuple[Call, dict[str, Any]]]] = [_as_schema, _as_tool, _as_json]

    async def complete(self, call: Call, limit: float) -> Completion:
        """Ask once; see Wire."""
        if call.form is None:
            return await self._create(call, limit, {})
        way = self._ways[0]
        asked, more = way(call, call.form)
        try:
            return await self._create(asked, limit, more)
        except LLMRequestError as error:
            if way is self._ways[-1] or not _turns_the_form_down(error.__cause__):
                raise
            if way in self._ways:  # else another call has learned the same meanwhile
                self._ways.remove(way)
            raise FormTurnedDownError(error) from error

    async def stream(self, call: Call, limit: float) -> AsyncIterator[Chunk]:
        """Ask once and yield the answer as it comes; see Wire."""
        ended = False
        with in_our_words(self.provider, limit):
            chunks = await self._client.chat.completions.create(
                **_body(call, self.model), stream=True, stream_options={"include_usage": True}, timeout=limit
            )
            async for chunk in chunks:
                usage = _usage(chunk.usage)
                if not chunk.choices:
                    yield Chunk(usage=usage)
                    continue
                choice = chunk.choices[0]
                ended = ended or choice.finish_reason is not None
                finish = _FINISHES.get(choice.finish_reason, Finish.STOP) if choice.finish_reason else None
                yield Chunk(text_of(choice.delta.content), finish, usage)
        if not ended:
            raise LLMUnavailableError(self.provider, "the answer was cut off", cut_off=True)

    async def embed(self, texts: Sequence[str], limit: float) -> Embeddings:
        """Return the vectors of texts; see Wire."""
        with in_our_words(self.provider, limit):
            answer = await self._client.embeddings.with_raw_response.create(
                input=list(texts), model=self.embedding_model, encoding_format="float", timeout=limit
            )
            said = answer.http_response.json()
            vectors = [one["embedding"] for one in sorted(said["data"], key=lambda one: one["index"])]
            return Embeddings(vectors_of(vectors), counted(_count(said.get("usage"), "prompt_tokens"), 0))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _create(self, call: Call, limit: float, more: dict[str, Any]) -> Completion:
        """Ask once. The SDK reads answers into objects, which takes it minutes for a long one: it is read here."""
        with in_our_words(self.provider, limit):
            asking = self._client.chat.completions.with_raw_response
            answer = await asking.create(**_body(call, self.model), **more, timeout=limit)
            said = answer.http_response.json()
            if not said.get("choices"):
                why = said.get("error") or "there is no choice in its answer"
                raise LLMUnavailableError(self.provider, str(why)[:300], cut_off=True)
            return _completion(said)


class _Bounded(BoundedStream, httpx2.AsyncByteStream):
    """What comes of an answer."""


async def _only_ours(request: httpx2.Request) -> None:
    """Take out the headers that the SDK adds from its own variables and of this machine: they are not everybody's."""
    for name in {*request.headers} - _HEADERS:
        del request.headers[name]


def _body(call: Call, model: str) -> dict[str, Any]:
    content: Any = call.prompt
    if call.images:
        pictures = [{"type": "image_url", "image_url": {"url": image.data_url}} for image in call.images]
        content = [{"type": "text", "text": call.prompt}, *pictures]
    system = [{"role": "system", "content": call.system}] if call.system else []
    return {
        "model": model,
        "messages": [*system, {"role": "user", "content": content}],
        "max_completion_tokens": call.max_tokens,
        "temperature": call.temperature,
    }


def _as_schema(call: Call, form: Form) -> tuple[Call, dict[str, Any]]:
    schema = {"name": form.name, "schema": form.schema, "strict": can_be_strict(form.schema)}
    return call, {"response_format": {"type": "json_schema", "json_schema": schema}}


def _as_tool(call: Call, form: Form) -> tuple[Call, dict[str, Any]]:
    tool = {"type": "function", "function": {"name": form.name, "parameters": form.schema}}
    return call, {"tools": [tool], "tool_choice": {"type": "function", "function": {"name": form.name}}}


def _as_json(call: Call, form: Form) -> tuple[Call, dict[str, Any]]:
    order = f"Answer with one JSON object, nothing around it, that fits this JSON Schema:\n{json.dumps(form.schema)}"
    return replace(call, system=f"{call.system}\n{order}".strip()), {"response_format": {"type": "json_object"}}


def _turns_the_form_down(error: BaseException | None) -> bool:
    """Whether a server says that it does not take the form in this way, and not that something else is wrong."""
    if not isinstance(error, openai.APIStatusError) or error.code == "context_length_exceeded":
        return False
    if error.param is not None:
        return str(error.param).startswith(_FORMS)
    words = error.message.casefold()
    return any(one in words for one in _FORMS) and any(one in words for one in _TURNING_DOWN)


def _completion(said: dict[str, Any]) -> Completion:
    choice, usage = said["choices"][0], _usage(said.get("usage"))
    message = choice["message"]
    if message.get("refusal"):
        return Completion(text_of(message["refusal"]), Finish.REFUSED, usage)
    called = message.get("tool_calls") or []
    text = next((one["function"]["arguments"] for one in called if "function" in one), message.get("content"))
    otherwise = Finish.EMPTY if text is None else Finish.STOP
    return Completion(text_of(text), _FINISHES.get(choice.get("finish_reason"), otherwise), usage)


def _usage(usage: object) -> Usage | None:
    return counted(_count(usage, "prompt_tokens"), _count(usage, "completion_tokens"))


def _count(usage: object, name: str) -> object:
    """Return a count of an answer, or of a piece of one, which the SDK has read."""
    return usage.get(name) if isinstance(usage, dict) else getattr(usage, name, None)
