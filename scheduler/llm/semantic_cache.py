"""Gives the answer again that was given to the same question, or to one that means the same. Off unless asked for."""

from collections import OrderedDict
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import NamedTuple, Unpack

import numpy as np
import numpy.typing as npt

from scheduler.core.clock import Clock, SystemClock
from scheduler.core.errors import CPAError
from scheduler.llm.llm_provider import Answer, CallOptions, EmbeddingOptions, LLMProvider


class _Kept(NamedTuple):
    text: str
    vector: npt.NDArray[np.float32] | None
    until: float


class SemanticCache(LLMProvider):
    """Wraps a provider. An answer is only given again to the same tenant, for the same purpose, system text and form.

    Questions mean the same if the cosine of their vectors is at least `alike`; 1 asks for the very same words and makes
    no vectors. Questions with pictures always go through. A vector is paid by whoever asks, and made within half the
    deadline: the answer has the rest.
    """

    def __init__(
        self,
        provider: LLMProvider,
        *,
        alike: float = 1.0,
        keep: timedelta = timedelta(hours=1),
        most: int = 1_000,
        total: timedelta = timedelta(seconds=60),
        clock: Clock | None = None,
    ) -> None:
        self._provider = provider
        self._alike = alike
        self._keep = keep.total_seconds()
        self._most = most
        self._total = total.total_seconds()
        self._clock = clock or SystemClock()
        self._kept: OrderedDict[tuple[str, ...], OrderedDict[str, _Kept]] = OrderedDict()

    @property
    def name(self) -> str:
        """Return the name of the provider behind."""
        return self._provider.name

    async def generate(self, prompt: str, **options: Unpack[CallOptions]) -> str:
        """Return what is kept, or ask; see LLMProvider."""
        place, end = _place("", options), self._end(options)
        kept, vector = await self._find(place, prompt, options)
        if kept is not None:
            return kept
        answer = await self._provider.generate(prompt, **self._until(end, options))
        self._put(place, prompt, answer, vector, options)
        return answer

    async def generate_structured(self, prompt: str, schema: type[Answer], **options: Unpack[CallOptions]) -> Answer:
        """Return what is kept, or ask; see LLMProvider."""
        place, end = _place(f"{schema.__module__}.{schema.__qualname__}", options), self._end(options)
        kept, vector = await self._find(place, prompt, options)
        if kept is not None:
            return schema.model_validate_json(kept)
        answer = await self._provider.generate_structured(prompt, schema, **self._until(end, options))
        self._put(place, prompt, answer.model_dump_json(), vector, options)
        return answer

    def stream(self, prompt: str, **options: Unpack[CallOptions]) -> AsyncGenerator[str, None]:
        """Ask; pieces are not kept."""
        return self._provider.stream(prompt, **options)

    async def get_embedding(self, text: str, **options: Unpack[EmbeddingOptions]) -> list[float]:
        """Ask; see LLMProvider."""
        return await self._provider.get_embedding(text, **options)

    async def close(self) -> None:
        """Close the provider behind."""
        await self._provider.close()

    def _end(self, options: CallOptions) -> float:
        return self._clock.monotonic() + options.get("within", self._total)

    def _until(self, end: float, options: CallOptions) -> CallOptions:
        return {**options, "within": end - self._clock.monotonic()}

    async def _find(
        self, place: tuple[str, ...], prompt: str, options: CallOptions
    ) -> tuple[str | None, npt.NDArray[np.float32] | None]:
        """Return the kept answer, and the vector of the question if one was made."""
        if options.get("images"):
            return None, None
        shelf, now = self._kept.get(place, OrderedDict()), self._clock.monotonic()
        exact = shelf.get(prompt)
        if exact and exact.until > now:
            return exact.text, None
        if self._alike >= 1.0:
            return None, None
        given = EmbeddingOptions(within=options.get("within", self._total) / 2)
        if "spender" in options:
            given["spender"] = options["spender"]
        try:
            vector = np.asarray(await self._provider.get_embedding(prompt, **given), dtype=np.float32)
        except CPAError:
            return None, None
        vector /= np.linalg.norm(vector) or 1.0
        fresh = [(one.vector, one.text) for one in shelf.values() if one.until > now]
        near = [
            (float(vector @ other), text) for other, text in fresh if other is not None and other.size == vector.size
        ]
        score, text = max(near, default=(0.0, ""))
        return (text if score >= self._alike else None), vector

    def _put(
        self,
        place: tuple[str, ...],
        prompt: str,
        answer: str,
        vector: npt.NDArray[np.float32] | None,
        options: CallOptions,
    ) -> None:
        if options.get("images"):
            return
        shelf = self._kept.setdefault(place, OrderedDict())
        shelf[prompt] = _Kept(answer, vector, self._clock.monotonic() + self._keep)
        if sum(map(len, self._kept.values())) > self._most:
            oldest = next(iter(self._kept.values()))
            oldest.popitem(last=False)
            self._kept = OrderedDict((name, one) for name, one in self._kept.items() if one)
        self._kept.move_to_end(place)


def _place(form: str, options: CallOptions) -> tuple[str, ...]:
    spender = options.get("spender")
    tenant = spender.tenant if spender else ""
    return tenant, options.get("purpose", ""), options.get("system", ""), form, str(options.get("temperature", 0.0))
