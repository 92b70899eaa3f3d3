"""The executor's promise, under the name by which the specification looks for it."""

from scheduler.core.task_executor_interface import AD_HOC, BaseExecutor, ExecutionContext, ExecutionResult, Performed

__all__ = ["AD_HOC", "BaseExecutor", "ExecutionContext", "ExecutionResult", "Performed"]
