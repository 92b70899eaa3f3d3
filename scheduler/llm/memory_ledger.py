"""Keeps what was spent in memory: for scripts and tests."""

from collections.abc import Sequence

from scheduler.core.spending import Account, Amount, check_room


class MemoryLedger:
    """Keeps the promise of `Ledger` until the process ends."""

    def __init__(self) -> None:
        self._spent: dict[str, Amount] = {}

    async def charge(self, accounts: Sequence[Account], amount: Amount) -> None:
        """Pay; see Ledger."""
        for account in accounts:
            check_room(account, await self.spent(account.name), amount)
        self._add(accounts, amount.tokens, amount.micros or 0)

    async def give_back(self, accounts: Sequence[Account], amount: Amount) -> None:
        """Return what was paid too much; see Ledger."""
        self._add(accounts, -amount.tokens, -(amount.micros or 0))

    async def spent(self, account: str) -> Amount:
        """Return what the account has paid."""
        return self._spent.get(account, Amount())

    def _add(self, accounts: Sequence[Account], tokens: int, micros: int) -> None:
        for account in accounts:
            before = self._spent.get(account.name, Amount())
            self._spent[account.name] = Amount(before.tokens + tokens, (before.micros or 0) + micros)
