"""Asks over a wire within a deadline, a budget and a crowd, tries again what may pass, and takes note of every try."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, Unpack

from scheduler.core.circuit_breaker import CircuitBreaker
from scheduler.core.errors import (
    CPAError,
    LLMInvalidOutputError,
    LLMNotSetUpError,
    LLMRateLimitError,
    LLMRefusedError,
    LLMTimeoutError,
    LLMTruncatedError,
    LLMUnavailableError,
    UnavailableError,
)
from scheduler.core.spending import Usage
from scheduler.core.to_its_end import ended, to_its_end
from scheduler.llm.bill import GOOD, Bill
from scheduler.llm.exchange import Call, Completion, Embeddings, Finish, Form
from scheduler.llm.llm_provider import Answer, CallOptions, EmbeddingOptions, LLMProvider
from scheduler.llm.permission import Permission
from scheduler.llm.structured import form_of, read_answer
from scheduler.llm.terms import Terms
from scheduler.llm.wire import FormTurnedDownError, Wire

Got = TypeVar("Got", Completion, Embeddings)
Read = TypeVar("Read")

_CANCELLED = "cancelled"
_LEAST = 0.02  # seconds without which no try is begun: nobody answers in less
_NEARLY = 0.9  # the share of its time after which a silent try was not too short


class ManagedProvider(LLMProvider):
    """Keeps the promise of `LLMProvider` over any wire."""

    def __init__(self, wire: Wire, terms: Terms | None = None) -> None:
        self._wire = wire
        self._terms = terms or Terms()
        self._places = asyncio.Semaphore(self._terms.at_once)
        self._breaker = CircuitBreaker(self._terms.clock, failures=self._terms.failures, pause=self._terms.rest)

    @property
    def name(self) -> str:
        """Return provider and model."""
        return f"{self._wire.provider} {self._wire.model}"

    async def generate(self, prompt: str, **options: Unpack[CallOptions]) -> str:
        """Return the answer in words; see LLMProvider."""
        call, within = _call(prompt, None, options)
        return await self._persist(call, within, partial(self._complete, call), partial(self._text, call))

    async def generate_structured(self, prompt: str, schema: type[Answer], **options: Unpack[CallOptions]) -> Answer:
        """Return the answer as an instance of `schema`; see LLMProvider."""
        call, within = _call(prompt, form_of(schema), options)

        def read(got: Completion) -> Answer:
            return read_answer(schema, self._text(call, got), self.name)

        return await self._persist(call, within, partial(self._complete, call), read)

    async def get_embedding(self, text: str, **options: Unpack[EmbeddingOptions]) -> list[float]:
        """Return the vector of a text; see LLMProvider."""
        call, ask = Call(prompt=text, max_tokens=0, purpose="embedding"), partial(self._embed, text)
        if "spender" in options:
            call = replace(call, spender=options["spender"])
        return await self._persist(call, options.get("within"), ask, self._vector, self._wire.embedding_model)

    async def stream(self, prompt: str, **options: Unpack[CallOptions]) -> AsyncGenerator[str, None]:
        """Yield the answer in pieces; see LLMProvider."""
        call, within = _call(prompt, None, options)
        pieces: asyncio.Queue[str | None] = asyncio.Queue()
        pour, read = partial(self._pour, call, pieces), partial(self._text, call)
        asking = asyncio.ensure_future(self._persist(call, within, pour, read))
        asking.add_done_callback(lambda _: pieces.put_nowait(None))
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            await asking
        finally:
            await _given_up(asking)

    async def close(self) -> None:
        """Close the wire."""
        await self._wire.close()

    async def _complete(self, call: Call, left: float) -> Completion:
        async with self._answered_within(left) as waiting:
            return await self._wire.complete(call, waiting.limit)

    async def _embed(self, text: str, left: float) -> Embeddings:
        async with self._answered_within(left) as waiting:
            return await self._wire.embed([text], waiting.limit)

    async def _pour(self, call: Call, pieces: asyncio.Queue[str | None], left: float) -> Completion:
        """Have the answer come in pieces, none of which may take longer than one try."""
        text, usage, finish = "", None, Finish.STOP
        try:
            async with self._answered_within(left) as waiting:
                async for chunk in self._wire.stream(call, waiting.limit):
                    text, usage, finish = text + chunk.text, chunk.usage or usage, chunk.finish or finish
                    if chunk.text:
                        pieces.put_nowait(chunk.text)
                    waiting.go_on()
        except UnavailableError as error:
            if text:
                raise _BrokenOffError(error) from error
            raise
        return Completion(text, finish, usage)

    @asynccontextmanager
    async def _answered_within(self, left: float) -> AsyncIterator["_Waiting"]:
        """Wait for an answer as long as a try may, and no longer than there is time left."""
        patience = self._terms.patience
        each = patience.each.total_seconds()
        waiting = _Waiting(each, left)
        try:
            async with waiting.timer:
                yield waiting
        except (TimeoutError, LLMTimeoutError) as error:
            hurried = waiting.limit < _NEARLY * min(each, patience.total.total_seconds())
            raise LLMTimeoutError(self.name, f"{min(each, left):.3g} s", hurried=hurried) from error

    def _text(self, call: Call, got: Completion) -> str:
        if got.finish is Finish.LENGTH:
            raise LLMTruncatedError(self.name, str(call.max_tokens))
        if got.finish is Finish.REFUSED:
            raise LLMRefusedError(self.name, got.text[:200] or "it says nothing more")
        if got.finish is Finish.EMPTY:
            raise LLMInvalidOutputError(self.name, "there is no text in it")
        return got.text

    def _vector(self, got: Embeddings) -> list[float]:
        if len(got.vectors) != 1:
            raise LLMInvalidOutputError(self.name, f"{len(got.vectors)} vectors of one text")
        return got.vectors[0]

    async def _persist(
        self,
        call: Call,
        within: float | None,
        ask: Callable[[float], Awaitable[Got]],
        read: Callable[[Got], Read],
        model: str | None = None,
    ) -> Read:
        """Try until there is an answer, the deadline or the patience is over, or the error is one that stays.

        A provider that is left alone by now is not waited for: somebody else may answer.
        """
        terms, clock = self._terms, self._terms.clock
        total = terms.patience.total.total_seconds() if within is None else within
        end, attempt, turned_down = clock.monotonic() + total, 0, 0
        while True:
            attempt += 1
            try:
                return await self._try(call, end, ask, read, model or self._wire.model, attempt)
            except FormTurnedDownError:
                turned_down += 1
                continue
            except _BrokenOffError as error:
                raise error.cause from error
            except UnavailableError as error:
                left, tries = end - clock.monotonic(), attempt - turned_down
                pause = terms.patience.pause(error, tries=tries, left=left, draw=terms.draw())
                if pause is None or not self._breaker.lets_through:
                    raise
            await terms.sleep(pause)

    async def _try(
        self,
        call: Call,
        end: float,
        ask: Callable[[float], Awaitable[Got]],
        read: Callable[[Got], Read],
        model: str,
        attempt: int,
    ) -> Read:
        """Wait for a place, pay, ask once, and settle what it cost however it ends."""
        if not self._breaker.lets_through:
            raise self._left_alone()
        left = end - self._terms.clock.monotonic()
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(left):
                    await held.enter_async_context(self._places)
                    entered, bill = await self._open(call, end, model, attempt)
            except TimeoutError:
                raise LLMTimeoutError(self.name, f"{left:.3g} s", hurried=True) from None
            try:
                got = await ask(end - self._terms.clock.monotonic())
            except BaseException as error:
                await to_its_end(bill.settle(*self._judge(error, call, entered)))
                raise
            self._breaker.succeeded()
            outcome = GOOD
            try:
                return read(got)
            except CPAError as error:
                outcome = error.code
                raise
            except BaseException:
                outcome = CPAError.code
                raise
            finally:
                await to_its_end(bill.settle(got.usage or call.most, outcome))

    async def _open(self, call: Call, end: float, model: str, attempt: int) -> tuple[int, Bill]:
        """Return the breaker's number of the try, and its bill. Raises TimeoutError where it would be in vain."""
        if not (Permission.granted or self._wire.stays_here):
            raise LLMNotSetUpError("asking models is switched off")
        if end - self._terms.clock.monotonic() < _LEAST:
            raise TimeoutError
        entered = self._breaker.enter()
        if not entered:
            raise self._left_alone()
        try:
            bill = await Bill.open(call, self._terms, provider=self._wire.provider, model=model, attempt=attempt)
        except BaseException:
            self._breaker.left(entered)
            raise
        return entered, bill

    def _left_alone(self) -> LLMUnavailableError:
        pause = self._breaker.closed_for.total_seconds()
        return LLMUnavailableError(self.name, f"it failed too often and is left alone for {pause:.0f} s")

    def _judge(self, error: BaseException, call: Call, entered: int) -> tuple[Usage, str]:
        """Tell the breaker, and return what the try is counted as: all it can have cost if nobody knows better.

        Whoever went away or was in a hurry, and a provider that asks for patience, say nothing against it.
        """
        if isinstance(error, _BrokenOffError | FormTurnedDownError):
            error = error.cause
        blameless = isinstance(error, LLMRateLimitError) or getattr(error, "hurried", False)
        if isinstance(error, UnavailableError) and not blameless:
            self._breaker.failed(entered)
        else:
            self._breaker.left(entered)
        if not isinstance(error, CPAError):
            return call.most, _CANCELLED if isinstance(error, asyncio.CancelledError) else CPAError.code
        begun = getattr(error, "cut_off", isinstance(error, LLMTimeoutError))
        return call.most if begun else Usage(), error.code


class _Waiting:
    """How long an answer, or its next piece, is waited for."""

    def __init__(self, each: float, left: float) -> None:
        self._each = each
        self._now = asyncio.get_running_loop().time
        self._end = self._now() + left
        self.limit = min(each, left)
        self.timer = asyncio.timeout(self.limit)

    def go_on(self) -> None:
        """Wait anew, because something has come."""
        self.limit = min(self._each, self._end - self._now())
        self.timer.reschedule(self._now() + self.limit)


class _BrokenOffError(Exception):
    """A stream that broke after its first piece: what was said cannot be said again."""

    def __init__(self, cause: UnavailableError) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _call(prompt: str, form: Form | None, options: CallOptions) -> tuple[Call, float | None]:
    """Return the call, and within how many seconds it must end; None: as the terms say."""
    given = {name: value for name, value in options.items() if name not in {"within", "images"}}
    call = Call(prompt=prompt, form=form, images=tuple(options.get("images", ())), **given)  # type: ignore[arg-type]
    return call, options.get("within")


async def _given_up(asking: "asyncio.Future[Any]") -> None:
    """End what nobody waits for any more, and wait until it has ended; whoever still listens has been told how."""
    asking.cancel()
    await to_its_end(asyncio.wait([asking]))
    ended(asking)
