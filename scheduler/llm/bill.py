"""One try to ask a model: paid at its most beforehand, settled afterwards, noted and traced."""

from dataclasses import dataclass
from typing import Self

from opentelemetry import trace

from scheduler.core import metering
from scheduler.core.spending import Account, Amount, CallRecord, Usage
from scheduler.llm.exchange import Call
from scheduler.llm.terms import Terms

_tracer = trace.get_tracer(__name__)


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
    span: trace.Span

    @classmethod
    async def open(cls, call: Call, terms: Terms, *, provider: str, model: str, attempt: int) -> Self:
        """Pay the most it can cost. Raises LLMBudgetError."""
        accounts = terms.limits.accounts(call.spender, terms.clock.now().date())
        paid = _amount(call.most, terms, model)
        await terms.ledger.charge(accounts, paid)
        span = _tracer.start_span(f"llm {call.purpose}")
        span.set_attributes({"gen_ai.system": provider, "gen_ai.request.model": model, "cpa.attempt": attempt})
        return cls(
            call=call,
            provider=provider,
            model=model,
            attempt=attempt,
            terms=terms,
            accounts=accounts,
            paid=paid,
            began=terms.clock.monotonic(),
            span=span,
        )

    async def settle(self, used: Usage, outcome: str) -> None:
        """Give back what was paid too much, and note how it went: `ok`, or the code of the error."""
        cost = _amount(used, self.terms, self.model)
        await self.terms.ledger.give_back(self.accounts, self.paid.minus(cost))
        self.span.set_attributes(
            {
                "gen_ai.usage.input_tokens": used.input_tokens,
                "gen_ai.usage.output_tokens": used.output_tokens,
                "cpa.outcome": outcome,
            }
        )
        self.span.end()
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
            milliseconds=(self.terms.clock.monotonic() - self.began) * 1000,
        )
        metering.count(record)
        await self.terms.recorder.record(record)


def _amount(usage: Usage, terms: Terms, model: str) -> Amount:
    price = terms.prices.get(model)
    return Amount(usage.total, None if price is None else price.of(usage))
