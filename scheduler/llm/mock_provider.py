"""Answers by script instead of by model: for tests, for trying things out, and to play a bad model."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from scheduler.core.errors import CPAError
from scheduler.core.spending import Usage
from scheduler.llm.exchange import Call, Chunk, Completion, Embeddings, Finish
from scheduler.llm.managed_provider import ManagedProvider
from scheduler.llm.terms import Terms

_ORDER = re.compile(r"(?im)^.*\b(?:ignore|ignoriere?)\b.*?[:.]\s*(?P<order>.+)$")
_DIMENSIONS = 64


@dataclass(frozen=True, kw_only=True)
class Script:
    """One answer: words, a completion, or an error; `delay` in seconds before it."""

    answer: str | Completion | CPAError
    delay: float = 0.0


Scripted = str | Completion | CPAError | Script
Rule = Callable[[Call], Scripted | None]


class MockProvider(ManagedProvider):
    """Plays scripted answers in order, then asks its rules, then says `otherwise`.

    It goes the same way as a real provider: deadline, budget, retries, records.
    """

    def __init__(
        self,
        answers: Iterable[Scripted] = (),
        *,
        rules: Iterable[Rule] = (),
        otherwise: Scripted = "",
        terms: Terms | None = None,
    ) -> None:
        self.script = ScriptedWire(answers, rules=rules, otherwise=otherwise)
        super().__init__(self.script, terms)

    @property
    def calls(self) -> list[Call]:
        """Every call that was made, in order."""
        return self.script.calls


def when(pattern: str, answer: Scripted) -> Rule:
    """Return a rule: this answer if the pattern is found in the prompt, whatever its case."""
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda call: answer if compiled.search(call.prompt) else None


def obedient(call: Call) -> Scripted | None:
    """Do what an injected text says: a rule that plays the gullible model."""
    found = _ORDER.search(call.prompt)
    return found["order"] if found else None


class ScriptedWire:
    """Keeps the promise of `Wire` without a model."""

    stays_here = True
    provider = "mock"
    model = "script"
    embedding_model = "hash"

    def __init__(self, answers: Iterable[Scripted], *, rules: Iterable[Rule], otherwise: Scripted) -> None:
        self._answers = deque(answers)
        self._rules = list(rules)
        self._otherwise = otherwise
        self.calls: list[Call] = []

    async def complete(self, call: Call, limit: float) -> Completion:  # noqa: ARG002 - the port's
        """Answer; see Wire."""
        self.calls.append(call)
        script = self._next(call)
        script = script if isinstance(script, Script) else Script(answer=script)
        if script.delay:
            await asyncio.sleep(script.delay)
        if isinstance(script.answer, CPAError):
            raise script.answer
        if isinstance(script.answer, Completion):
            return script.answer
        return Completion(script.answer, Finish.STOP, Usage(len(call.prompt) // 4, len(script.answer) // 4))

    async def stream(self, call: Call, limit: float) -> AsyncIterator[Chunk]:
        """Answer word by word; see Wire."""
        whole = await self.complete(call, limit)
        for word in re.findall(r"\S+\s*", whole.text):
            yield Chunk(word)
        yield Chunk(finish=whole.finish, usage=whole.usage)

    async def embed(self, texts: Sequence[str], limit: float) -> Embeddings:  # noqa: ARG002 - the port's
        """Return vectors that are alike for texts that share words; see Wire."""
        return Embeddings([_vector(text) for text in texts], Usage(sum(len(text) // 4 for text in texts), 0))

    async def close(self) -> None:
        """Nothing is held."""

    def _next(self, call: Call) -> Scripted:
        if self._answers:
            return self._answers.popleft()
        return next((found for rule in self._rules if (found := rule(call)) is not None), self._otherwise)


def _vector(text: str) -> list[float]:
    vector = [0.0] * _DIMENSIONS
    for word in re.findall(r"\w+", text.casefold()):
        vector[sha256(word.encode()).digest()[0] % _DIMENSIONS] += 1.0
    length = sum(value * value for value in vector) ** 0.5 or 1.0
    return [value / length for value in vector]
