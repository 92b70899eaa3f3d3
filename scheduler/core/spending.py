"""What asking models costs, and who pays: amounts, accounts with limits, and the ledger that keeps them."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, Protocol, Self

from scheduler.core.errors import LLMBudgetError
from scheduler.core.ids import JobId, TenantId

MICRO = 1_000_000


class Usage(NamedTuple):
    """Tokens that a model read and wrote."""

    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def total(self) -> int:
        return self.input_tokens + self.output_tokens

    def plus(self, other: "Usage") -> "Usage":
        return Usage(self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens)


class Price(NamedTuple):
    """What a million tokens cost, in the currency of the price list."""

    input: float
    output: float

    def of(self, usage: Usage) -> int:
        """Return the cost in millionths of the currency, rounded up."""
        exact = usage.input_tokens * self.input + usage.output_tokens * self.output
        return -int(-exact // 1)


class Amount(NamedTuple):
    """Tokens, and money in millionths of the currency; `micros` None: the price of the model is not known."""

    tokens: int = 0
    micros: int | None = 0

    def minus(self, other: Self) -> "Amount":
        micros = None if self.micros is None or other.micros is None else self.micros - other.micros
        return Amount(self.tokens - other.tokens, micros)


class Account(NamedTuple):
    """Something that pays, and how much it may in all; None: any amount."""

    name: str
    tokens: int | None = None
    micros: int | None = None

    @property
    def limited(self) -> bool:
        return self.tokens is not None or self.micros is not None


class Spender(NamedTuple):
    """On whose behalf a model is asked: a plan is made for the first run of a job, a repair for one that failed."""

    tenant: TenantId
    job: JobId | None = None
    run: int = 1


class Limits(NamedTuple):
    """How much a job, a tenant a day, and all tenants a day may spend: (tokens, micros); None: any amount."""

    job: tuple[int | None, int | None] = (None, None)
    tenant_day: tuple[int | None, int | None] = (None, None)
    day: tuple[int | None, int | None] = (None, None)

    def accounts(self, spender: Spender, today: date) -> tuple[Account, ...]:
        """Return who pays for a call of this spender: the job, its tenant's day and everybody's day (UTC)."""
        job = () if spender.job is None else (Account(f"job {spender.job}", *self.job),)
        return (
            *job,
            Account(f"tenant {spender.tenant} {today}", *self.tenant_day),
            Account(f"day {today}", *self.day),
        )


class Ledger(Protocol):
    """Keeps what each account has spent. Every adapter passes the same contract suite.

    A call is paid at its most before it is made, and the rest is given back afterwards. So budgets hold with many calls
    at once and over a crash: what a process that died had paid stays paid.
    """

    async def charge(self, accounts: Sequence[Account], amount: Amount) -> None:
        """Take the amount from every account, or from none: raises LLMBudgetError, which names the one it is too much
        for. An amount of unknown money is refused by an account that limits money."""

    async def give_back(self, accounts: Sequence[Account], amount: Amount) -> None:
        """Return what was paid too much."""

    async def spent(self, account: str) -> Amount:
        """Return what the account of that name has paid; unknown money counts as nothing."""


def check_room(account: Account, spent: Amount, more: Amount) -> None:
    """Raise LLMBudgetError if the account does not allow `more`."""
    if account.tokens is not None and spent.tokens + more.tokens > account.tokens:
        raise LLMBudgetError(account.name, f"{account.tokens} tokens", f"{spent.tokens}")
    if account.micros is None:
        return
    if more.micros is None:
        raise LLMBudgetError(account.name, f"{account.micros / MICRO:.2f}", "the price of the model is not known")
    if (spent.micros or 0) + more.micros > account.micros:
        raise LLMBudgetError(account.name, f"{account.micros / MICRO:.2f}", f"{(spent.micros or 0) / MICRO:.2f}")


class CallRecord(NamedTuple):
    """One try to ask a model: who, what for, how it went. It never holds what was asked or answered."""

    spender: Spender
    purpose: str
    provider: str
    model: str
    prompt: str
    """The id of the prompt file with its version, empty if there was none."""
    prompt_hash: str
    """SHA-256 of all that was sent, in hex."""
    attempt: int
    outcome: str
    """`ok`, the code of the error, or `cancelled`: whoever asked went away."""
    usage: Usage
    micros: int | None
    milliseconds: float


class CallRecorder(Protocol):
    """Takes note of every try."""

    async def record(self, record: CallRecord) -> None:
        """Note it. Must not raise for what its store does: a call is worth more than its record."""
