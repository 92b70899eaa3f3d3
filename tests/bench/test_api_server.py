"""Whether the idle worker of the load test has the actions that its users' sentences come to."""

from bench.api_server import IdleExecutor
from scheduler.core.intent_router import DEFAULT_FILE
from scheduler.core.intents import load_intents


def test_what_the_load_test_orders_can_be_done_idly() -> None:
    plans = {intent.name: intent.task_template for intent in load_intents(DEFAULT_FILE).intents}

    assert {step.action for step in plans["fetch_and_send"]} <= {action.name for action in IdleExecutor.actions}
