"""What asking language models has cost, and what is left, over HTTP."""

from fastapi import APIRouter

from scheduler.api.dependencies import BudgetsDep, TenantDep
from scheduler.llm.budgets import Today

router = APIRouter(tags=["spending"])


@router.get("/spending")
async def show_spending(budgets: BudgetsDep, tenant: TenantDep) -> Today:
    """Show what language models have cost today, what is left of the budgets, and from when the prices are."""
    return await budgets.today(tenant)
