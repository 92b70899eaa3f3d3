"""Asks the next provider when one cannot be had."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import TypeVar, Unpack

import structlog

from scheduler.core.errors import CPAError, LLMAuthError, LLMTimeoutError, UnavailableError
from scheduler.llm.llm_provider import Answer, CallOptions, EmbeddingOptions, LLMProvider

Got = TypeVar("Got")

_ELSEWHERE = (UnavailableError, LLMAuthError)

log = structlog.get_logger(__name__)


class FallbackProvider(LLMProvider):
    """Asks providers in their order, within one deadline: each for an even share of what is left.

    What a model says (a refusal, an answer of the wrong form), what the caller did wrong and an empty budget are not
    asked elsewhere.
    """

    def __init__(self, providers: Sequence[LLMProvider], *, total: timedelta = timedelta(seconds=60)) -> None:
        if not providers:
            raise ValueError("providers: at least one is needed")
        self._providers = tuple(providers)
        self._total = total.total_seconds()

    @property
    def name(self) -> str:
        """Return the names of all."""
        return ", ".join(provider.name for provider in self._providers)

    async def generate(self, prompt: str, **options: Unpack[CallOptions]) -> str:
        """Return the first answer; see LLMProvider."""
        return await self._first(options, lambda provider, given: provider.generate(prompt, **given))

    async def generate_structured(self, prompt: str, schema: type[Answer], **options: Unpack[CallOptions]) -> Answer:
        """Return the first answer; see LLMProvider."""
        return await self._first(options, lambda provider, given: provider.generate_structured(prompt, schema, **given))

    async def get_embedding(self, text: str, **options: Unpack[EmbeddingOptions]) -> list[float]:
        """Return the vector of the first provider alone: vectors of different models cannot be compared."""
        return await self._providers[0].get_embedding(text, **options)

    async def stream(self, prompt: str, **options: Unpack[CallOptions]) -> AsyncGenerator[str, None]:
        """Yield the answer of the first that begins to answer; see LLMProvider."""
        last: CPAError = self._too_late(options)
        for provider, given in self._turns(options):
            begun = False
            try:
                async with aclosing(provider.stream(prompt, **given)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
            except _ELSEWHERE as error:
                if begun:
                    raise
                last = _gone(provider, error)
            else:
                return
        raise last

    async def close(self) -> None:
        """Close all of them."""
        for provider in self._providers:
            await provider.close()

    async def _first(self, options: CallOptions, ask: Callable[[LLMProvider, CallOptions], Awaitable[Got]]) -> Got:
        last: CPAError = self._too_late(options)
        for provider, given in self._turns(options):
            try:
                return await ask(provider, given)
            except _ELSEWHERE as error:
                last = _gone(provider, error)
        raise last

    def _too_late(self, options: CallOptions) -> CPAError:
        return LLMTimeoutError(self.name, f"{options.get('within', self._total):.3g} s", hurried=True)

    def _turns(self, options: CallOptions) -> Iterator[tuple[LLMProvider, CallOptions]]:
        end = time.monotonic() + options.get("within", self._total)
        for place, provider in enumerate(self._providers):
            share = (end - time.monotonic()) / (len(self._providers) - place)
            if share > 0:
                yield provider, CallOptions(**{**options, "within": share})


def _gone(provider: LLMProvider, error: CPAError) -> CPAError:
    log.warning("llm_provider_passed_over", provider=provider.name, code=error.code)
    return error
