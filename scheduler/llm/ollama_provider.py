"""Asks models of an Ollama server over its own interface: `/api/chat` and `/api/embed`."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from scheduler.core.errors import (
    LLMAuthError,
    LLMRateLimitError,
    LLMRequestError,
    LLMTimeoutError,
    LLMUnavailableError,
)
from scheduler.core.spending import Usage
from scheduler.llm.bounded_answers import BoundedStream, bounding
from scheduler.llm.exchange import Call, Chunk, Completion, Embeddings, Finish, counted, text_of, vectors_of
from scheduler.llm.managed_provider import ManagedProvider
from scheduler.llm.openai_errors import retry_after
from scheduler.llm.servers import OLLAMA_URL
from scheduler.llm.terms import Terms
from scheduler.settings import is_loopback

_LEAST_CONTEXT = 8_192  # tokens; Ollama's own default cuts long prompts off in silence


class OllamaProvider(ManagedProvider):
    """A model that an Ollama server runs."""

    def __init__(
        self,
        base_url: str = OLLAMA_URL,
        model: str = "llama2",
        *,
        embedding_model: str = "",
        terms: Terms | None = None,
    ) -> None:
        super().__init__(OllamaWire(base_url, model, embedding_model=embedding_model or model), terms)


class OllamaWire:
    """Keeps the promise of `Wire`."""

    provider = "ollama"

    def __init__(self, base_url: str, model: str, *, embedding_model: str) -> None:
        self.model = model
        self.embedding_model = embedding_model
        self.stays_here = is_loopback(httpx.URL(base_url).host)
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/"),
            headers={"Accept-Encoding": "identity"},
            event_hooks={"response": [bounding(_Bounded)]},
            trust_env=not self.stays_here,
        )

    async def complete(self, call: Call, limit: float) -> Completion:
        """Ask once; see Wire."""
        with self._in_our_words(limit):
            answer = await self._client.post("/api/chat", json=self._body(call, stream=False), timeout=limit)
            self._check(answer)
            said = answer.json()
            self._check_words(said)
            text = said["message"].get("content")
            finish = _finish(said) or Finish.STOP
            empty = text is None and finish is Finish.STOP
            return Completion(text_of(text), Finish.EMPTY if empty else finish, _usage(said))

    async def stream(self, call: Call, limit: float) -> AsyncIterator[Chunk]:
        """Ask once and yield the answer as it comes; see Wire."""
        with self._in_our_words(limit):
            asked = self._client.stream("POST", "/api/chat", json=self._body(call, stream=True), timeout=limit)
            async with asked as answer:
                if not answer.is_success:
                    await answer.aread()
                    self._check(answer)
                async for line in answer.aiter_lines():
                    said = json.loads(line)
                    self._check_words(said)
                    yield Chunk(text_of(said.get("message", {}).get("content")), _finish(said), _usage(said))
                    if said.get("done"):
                        return
        raise LLMUnavailableError(self.provider, "the answer was cut off", cut_off=True)

    async def embed(self, texts: Sequence[str], limit: float) -> Embeddings:
        """Return the vectors of texts; see Wire."""
        with self._in_our_words(limit):
            body = {"model": self.embedding_model, "input": list(texts), "truncate": False}
            answer = await self._client.post("/api/embed", json=body, timeout=limit)
            self._check(answer)
            said = answer.json()
            self._check_words(said)
            return Embeddings(vectors_of(said["embeddings"]), counted(said.get("prompt_eval_count", 0), 0))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _body(self, call: Call, *, stream: bool) -> dict[str, Any]:
        question: dict[str, Any] = {"role": "user", "content": call.prompt}
        if call.images:
            question["images"] = [image.base64 for image in call.images]
        system = [{"role": "system", "content": call.system}] if call.system else []
        context = max(_LEAST_CONTEXT, call.most.total)
        return {
            "model": self.model,
            "messages": [*system, question],
            "stream": stream,
            **({} if call.form is None else {"format": call.form.schema}),
            "options": {"temperature": call.temperature, "num_predict": call.max_tokens, "num_ctx": context},
        }

    def _check(self, answer: httpx.Response) -> None:
        if answer.is_success:
            return
        try:
            why = str(answer.json()["error"])
        except (ValueError, KeyError, TypeError):
            why = f"HTTP {answer.status_code}"
        if answer.status_code in {401, 403}:
            raise LLMAuthError(self.provider, why)
        if answer.status_code == 429:
            raise LLMRateLimitError(self.provider, retry_after(answer.headers.get("retry-after")))
        if answer.status_code >= 500:
            raise LLMUnavailableError(self.provider, f"HTTP {answer.status_code}: {why}")
        raise LLMRequestError(self.provider, why)

    def _check_words(self, said: dict[str, Any]) -> None:
        """Raise what it says of an error beside HTTP 200."""
        if "error" in said:
            raise LLMUnavailableError(self.provider, str(said["error"]), cut_off=True)

    @contextmanager
    def _in_our_words(self, limit: float) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException as error:
            raise LLMTimeoutError(self.provider, f"{limit:.0f} s") from error
        except httpx.ConnectError as error:
            raise LLMUnavailableError(self.provider, str(error)) from error
        except (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            why = str(error) or type(error).__name__
            raise LLMUnavailableError(self.provider, f"its answer cannot be read: {why}", cut_off=True) from error


class _Bounded(BoundedStream, httpx.AsyncByteStream):
    """What comes of an answer."""


def _finish(said: dict[str, Any]) -> Finish | None:
    if not said.get("done"):
        return None
    return Finish.LENGTH if said.get("done_reason") == "length" else Finish.STOP


def _usage(said: dict[str, Any]) -> Usage | None:
    """Return what it counted. It leaves out what is zero, so a cached prompt has no count."""
    return counted(said.get("prompt_eval_count", 0), said.get("eval_count", 0)) if said.get("done") else None
