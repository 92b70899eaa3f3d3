"""One try to ask a model: paid at its most beforehand, settled afterwards, noted and traced."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import structlog

from scheduler.core import metering
from scheduler.core.spending import Account, Amount, CallRecord, Spender, Usage
from scheduler.core.to_its_end import ended, to_its_end
from scheduler.core.trace_context import of_run
from scheduler.llm.exchange import Call
from scheduler.llm.terms import Terms
from scheduler.telemetry.telemetry import begin_span, end_span

if TYPE_CHECKING:
    from opentelemetry.trace import Span

GOOD: Final = "ok"
"""The outcome of a try that gave what was asked for."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Bill:
    """What one try costs, and who pays it."""

    call: Call
    provider: str
    model: str
    attempt: int
    terms: Terms
    accounts: tuple[Account, ...]
    paid: Amount
    began: float
    span: "Span | None"

    @classmethod
    async def open(cls, call: Call, terms: Terms, *, provider: str, model: str, attempt: int) -> Self:
        """Pay the most it can cost; whoever goes away meanwhile has paid nothing. Raises LLMBudgetError."""
        accounts = terms.limits.accounts(call.spender, terms.clock.now().date())
        paid = _amount(call.most, terms, model)
        charging = asyncio.ensure_future(terms.ledger.charge(accounts, paid))
        try:
            await to_its_end(charging)
        except asyncio.CancelledError:
            if ended(charging):
                await to_its_end(_give_back(terms, accounts, paid))
            raise
        return cls(
            call=call,
            provider=provider,
            model=model,
            attempt=attempt,
            terms=terms,
            accounts=accounts,
            paid=paid,
            began=terms.clock.monotonic(),
            span=_span(call, provider, model, attempt),
        )

    async def settle(self, used: Usage, outcome: str) -> None:
        """Give back what was paid too much, and note how it went. What cannot be given back now stays paid."""
        cost = _amount(used, self.terms, self.model)
        milliseconds = (self.terms.clock.monotonic() - self.began) * 1000
        await _give_back(self.terms, self.accounts, self.paid.minus(cost))
        self._end_span(used, cost, outcome)
        record = CallRecord(
            spender=self.call.spender,
            purpose=self.call.purpose,
            provider=self.provider,
            model=self.model,
            prompt=self.call.prompt_id,
            prompt_hash=self.call.digest,
            attempt=self.attempt,
            outcome=outcome,
            usage=used,
            micros=cost.micros,
            milliseconds=milliseconds,
        )
        metering.count(record)
        await self.terms.recorder.record(record)

    def _end_span(self, used: Usage, cost: Amount, outcome: str) -> None:
        if self.span is None:
            return
        self.span.set_attributes(
            {"gen_ai.usage.input_tokens": used.input_tokens, "gen_ai.usage.output_tokens": used.output_tokens}
        )
        money = {} if cost.micros is None else {"micros": cost.micros}
        end_span(self.span, None if outcome == GOOD else outcome, outcome=outcome, **money)


async def _give_back(terms: Terms, accounts: tuple[Account, ...], amount: Amount) -> None:
    try:
        await terms.ledger.give_back(accounts, amount)
    except Exception as error:  # noqa: BLE001 - what came for it is worth more
        log.warning("llm_not_given_back", accounts=[one.name for one in accounts], error=repr(error))


def _span(call: Call, provider: str, model: str, attempt: int) -> "Span | None":
    """Begin the span of a try, as part of the run of the job that it is made for."""
    spender, prompt = call.spender, {"prompt": call.prompt_id} if call.prompt_id else {}
    job = {} if spender.job is None else {"job_id": spender.job}
    span = begin_span(f"llm {call.purpose}", _run_of(spender), tenant=spender.tenant, attempt=attempt, **job, **prompt)
    if span is not None:
        span.set_attributes({"gen_ai.provider.name": provider, "gen_ai.request.model": model})
    return span


def _run_of(spender: Spender) -> str:
    return "" if spender.job is None else of_run(spender.job, spender.run)


def _amount(usage: Usage, terms: Terms, model: str) -> Amount:
    price = terms.prices.get(model)
    return Amount(usage.total, None if price is None else price.of(usage))
