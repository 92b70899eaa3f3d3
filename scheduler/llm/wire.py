"""One try over one provider's own interface; patience, budgets and records are put around it by `ManagedProvider`."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from scheduler.core.errors import LLMRequestError
from scheduler.llm.exchange import Call, Chunk, Completion, Embeddings


class FormTurnedDownError(Exception):
    """The server does not take the form of an answer in this way; the next try will say it in another."""

    def __init__(self, cause: LLMRequestError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Wire(Protocol):
    """Speaks one provider's language. Every adapter passes the same contract suite.

    Each method makes one try and never repeats anything. They raise LLMAuthError, LLMRequestError, LLMRateLimitError,
    LLMTimeoutError and LLMUnavailableError; an answer that was refused or cut short by the limit of tokens is a
    completion that says so, because it was paid for. `complete` raises FormTurnedDownError where it has another way
    to ask for a form.
    """

    @property
    def stays_here(self) -> bool:
        """Whether nobody beyond this machine is asked: a script, or a server on loopback."""

    @property
    def provider(self) -> str:
        """Return the provider's name for people."""

    @property
    def model(self) -> str:
        """Return the name of the model that answers."""

    @property
    def embedding_model(self) -> str:
        """Return the name of the model that makes vectors."""

    async def complete(self, call: Call, limit: float) -> Completion:
        """Ask, and wait for the whole answer for at most `limit` seconds."""

    def stream(self, call: Call, limit: float) -> AsyncIterator[Chunk]:
        """Ask, and yield the answer as it comes, each piece within `limit` seconds.

        One that ends without its last chunk raises LLMUnavailableError.
        """

    async def embed(self, texts: Sequence[str], limit: float) -> Embeddings:
        """Return the vectors of texts."""

    async def close(self) -> None:
        """Let go of connections. May be called twice."""
