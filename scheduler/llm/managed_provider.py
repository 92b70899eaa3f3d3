"""Asks over a wire within a deadline, a budget and a crowd, tries again what may pass, and takes note of every try."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import ClassVar, TypeVar, Unpack

from scheduler.core.circuit_breaker import CircuitBreaker
from scheduler.core.errors import (
    CPAError,
    LLMNotSetUpError,
    LLMRefusedError,
    LLMTimeoutError,
    LLMTruncatedError,
    LLMUnavailableError,
    UnavailableError,
)
from scheduler.core.spending import Usage
from scheduler.llm.bill import Bill
from scheduler.llm.exchange import Call, Completion, Embeddings, Finish, Form
from scheduler.llm.llm_provider import Answer, CallOptions, LLMProvider
from scheduler.llm.structured import form_of, read_answer
from scheduler.llm.terms import Terms
from scheduler.llm.wire import Wire

Got = TypeVar("Got", Completion, Embeddings)


class ManagedProvider(LLMProvider):
    """Keeps the promise of `LLMProvider` over any wire."""

    calls_allowed: ClassVar[bool] = True
    """Tests turn it off, so that no model is asked by mistake; scripted ones answer all the same."""

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
        return (await self._ask(call, within)).text

    async def generate_structured(self, prompt: str, schema: type[Answer], **options: Unpack[CallOptions]) -> Answer:
        """Return the answer as an instance of `schema`; see LLMProvider."""
        call, within = _call(prompt, form_of(schema), options)
        return read_answer(schema, (await self._ask(call, within)).text, self.name)

    async def get_embedding(self, text: str) -> list[float]:
        """Return the vector of a text; see LLMProvider."""
        call = Call(prompt=text, max_tokens=0, purpose="embedding")
        found = await self._persist(
            call, None, lambda limit: self._wire.embed([text], limit), self._wire.embedding_model
        )
        return found.vectors[0]

    async def stream(self, prompt: str, **options: Unpack[CallOptions]) -> AsyncIterator[str]:
        """Yield the answer in pieces; see LLMProvider."""
        call, within = _call(prompt, None, options)
        pieces: asyncio.Queue[str | None] = asyncio.Queue()
        asking = asyncio.ensure_future(self._persist(call, within, lambda limit: self._pour(call, limit, pieces)))
        asking.add_done_callback(lambda _: pieces.put_nowait(None))
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            _whole(await asking, call, self.name)
        finally:
            asking.cancel()

    async def close(self) -> None:
        """Close the wire."""
        await self._wire.close()

    async def _pour(self, call: Call, limit: float, pieces: asyncio.Queue[str | None]) -> Completion:
        text, usage, finish = "", None, Finish.STOP
        try:
            async for chunk in self._wire.stream(call, limit):
                text, usage, finish = text + chunk.text, chunk.usage or usage, chunk.finish or finish
                if chunk.text:
                    pieces.put_nowait(chunk.text)
        except UnavailableError as error:
            if text:
                raise _BrokenOffError(error) from error
            raise
        return Completion(text, finish, usage)

    async def _ask(self, call: Call, within: float | None) -> Completion:
        return _whole(
            await self._persist(call, within, lambda limit: self._wire.complete(call, limit)), call, self.name
        )

    async def _persist(
        self, call: Call, within: float | None, ask: Callable[[float], Awaitable[Got]], model: str | None = None
    ) -> Got:
        """Try until there is an answer, the deadline or the patience is over, or the error is one that stays."""
        terms, clock = self._terms, self._terms.clock
        total = terms.patience.total.total_seconds() if within is None else within
        end, tries = clock.monotonic() + total, 0
        while True:
            tries += 1
            try:
                async with asyncio.timeout(end - clock.monotonic()), self._places:
                    return await self._try(call, end, ask, tries, model or self._wire.model)
            except TimeoutError:
                raise LLMTimeoutError(self.name, f"{total:g} s") from None
            except _BrokenOffError as error:
                raise error.cause from error
            except UnavailableError as error:
                pause = terms.patience.pause(error, tries=tries, left=end - clock.monotonic(), draw=terms.draw())
                if pause is None:
                    raise
            await terms.sleep(pause)

    async def _try(
        self, call: Call, end: float, ask: Callable[[float], Awaitable[Got]], attempt: int, model: str
    ) -> Got:
        """Pay, ask once, and settle what it cost however it ends."""
        if not (self.calls_allowed or self._wire.scripted):
            raise LLMNotSetUpError("asking models is switched off")
        if not self._breaker.enter():
            pause = self._breaker.closed_for.total_seconds()
            raise LLMUnavailableError(self.name, f"it failed too often and is left alone for {pause:.0f} s")
        try:
            bill = await Bill.open(call, self._terms, provider=self._wire.provider, model=model, attempt=attempt)
        except BaseException:
            self._breaker.left()
            raise
        try:
            got = await ask(end - self._terms.clock.monotonic())
        except BaseException as error:
            await bill.settle(*self._judge(error, call))
            raise
        self._breaker.succeeded()
        await bill.settle(got.usage or call.most, "ok")
        return got

    def _judge(self, error: BaseException, call: Call) -> tuple[Usage, str]:
        """Tell the breaker, and return what the try is counted as: all it can have cost if nobody knows better."""
        if isinstance(error, _BrokenOffError):
            error = error.cause
        if isinstance(error, UnavailableError | asyncio.CancelledError):
            self._breaker.failed()
        else:
            self._breaker.left()
        code = error.code if isinstance(error, CPAError) else LLMTimeoutError.code
        begun = getattr(error, "cut_off", not isinstance(error, CPAError) or isinstance(error, LLMTimeoutError))
        return call.most if begun else Usage(), code


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


def _whole(completion: Completion, call: Call, name: str) -> Completion:
    if completion.finish is Finish.LENGTH:
        raise LLMTruncatedError(name, str(call.max_tokens))
    if completion.finish is Finish.REFUSED:
        raise LLMRefusedError(name, completion.text[:200] or "it says nothing more")
    return completion
