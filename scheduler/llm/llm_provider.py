"""The port to language models: what the rest of the house may ask of one, and what it may rely on."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from typing import TypedDict, TypeVar, Unpack

from pydantic import BaseModel

from scheduler.core.spending import Spender
from scheduler.llm.exchange import ImagePart

Answer = TypeVar("Answer", bound=BaseModel)


class EmbeddingOptions(TypedDict, total=False):
    """What may be said beside a text, and beside a prompt: who pays, and by when."""

    spender: Spender
    within: float
    """Seconds until there must be an answer or an error, all tries included."""


class CallOptions(EmbeddingOptions, total=False):
    """What may be said beside the prompt."""

    system: str
    """What holds for the whole conversation."""
    images: Sequence[ImagePart]
    max_tokens: int
    temperature: float
    purpose: str
    """What the answer is for, in a word; it stands in the record."""
    prompt_id: str
    """The prompt file with its version; it stands in the record."""


class LLMProvider(ABC):
    """A model that can be asked. Every adapter passes the same contract suite.

    Each call ends within its deadline: with an answer, or with LLMAuthError, LLMRequestError, LLMRateLimitError,
    LLMTimeoutError, LLMUnavailableError, LLMRefusedError, LLMTruncatedError, LLMInvalidOutputError or LLMBudgetError.
    Only what may pass by itself (429, 5xx, no answer) is tried again. What was used is counted, failed tries included.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Return what people call it: provider and model."""

    @abstractmethod
    async def generate(self, prompt: str, **options: Unpack[CallOptions]) -> str:
        """Return the answer in words."""

    @abstractmethod
    async def generate_structured(self, prompt: str, schema: type[Answer], **options: Unpack[CallOptions]) -> Answer:
        """Return the answer as an instance of `schema`. Raises LLMInvalidOutputError with what came instead."""

    @abstractmethod
    def stream(self, prompt: str, **options: Unpack[CallOptions]) -> AsyncGenerator[str, None]:
        """Yield the answer in pieces as they come. Nothing is tried again after the first piece.

        Whoever stops before the end closes it (`aclosing`): then nothing is left under way.
        """

    @abstractmethod
    async def get_embedding(self, text: str, **options: Unpack[EmbeddingOptions]) -> list[float]:
        """Return the vector of a text."""

    async def close(self) -> None:  # noqa: B027 - many have nothing to close
        """Let go of connections. May be called twice."""
