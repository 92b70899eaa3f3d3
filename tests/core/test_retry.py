"""Whether, when and where a failed task runs again is decided by the failure, the policy and the numbers given."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scheduler.core.errors import Effect, InvalidInputError, OutcomeUnknownError, StepTimeoutError
from scheduler.core.ids import AgentId
from scheduler.core.retry import GiveUp, RetryAt, RetryPolicy, TaskFailure
from tests.support.clock import NOON

NOBODY, BUSY = (TaskFailure(code=code, message="-", retryable=True) for code in ("no_free_agent", "agents_busy"))
TRANSIENT = TaskFailure(code="timeout", message="too slow", retryable=True)
PERMANENT = TaskFailure(code="invalid_input", message="wrong")
ALMOST_ONE = 1 - 1e-9
POLICY = RetryPolicy(max_attempts=4, base_delay=timedelta(seconds=2), max_delay=timedelta(seconds=5))


@pytest.mark.parametrize(
    ("policy", "failure", "attempts", "draw", "seconds"),
    [
        (POLICY, TRANSIENT, 1, 0.0, 0.0),
        (POLICY, TRANSIENT, 1, 0.5, 1.0),
        (POLICY, TRANSIENT, 2, 0.5, 2.0),
        (POLICY, TRANSIENT, 3, 0.5, 2.5),
        (POLICY, TRANSIENT, 4, 0.5, None),
        (POLICY, TRANSIENT, 9, 0.5, None),
        (POLICY, PERMANENT, 1, 0.5, None),
        (POLICY.model_copy(update={"codes": frozenset({"invalid_input"})}), PERMANENT, 1, 0.5, 1.0),
        (POLICY.model_copy(update={"codes": frozenset({"invalid_input"})}), TRANSIENT, 1, 0.5, None),
        (RetryPolicy(max_attempts=1), TRANSIENT, 1, 0.5, None),
        (RetryPolicy(max_attempts=100), TRANSIENT, 99, 0.5, 150.0),
        (RetryPolicy(base_delay=timedelta(0)), TRANSIENT, 1, 0.5, 0.0),
    ],
)
def test_the_table_of_decisions(
    policy: RetryPolicy, failure: TaskFailure, attempts: int, draw: float, seconds: float | None
) -> None:
    decision = policy.decide(failure, attempts=attempts, now=NOON, draw=draw)

    if seconds is None:
        assert isinstance(decision, GiveUp)
        assert decision.reason
    else:
        assert decision == RetryAt(when=NOON + timedelta(seconds=seconds))


@given(
    st.builds(
        RetryPolicy,
        max_attempts=st.integers(1, 100),
        base_delay=st.timedeltas(timedelta(0), timedelta(days=1)),
        max_delay=st.timedeltas(timedelta(0), timedelta(days=1)),
    ),
    st.integers(1, 10**6),
    st.floats(0, ALMOST_ONE),
)
def test_a_retry_is_never_in_the_past_nor_beyond_the_longest_delay(
    policy: RetryPolicy, attempts: int, draw: float
) -> None:
    decision = policy.decide(TRANSIENT, attempts=attempts, now=NOON, draw=draw)

    assert isinstance(decision, GiveUp) == (attempts >= policy.max_attempts)
    if isinstance(decision, RetryAt):
        assert NOON <= decision.when <= NOON + policy.max_delay


@pytest.mark.parametrize(
    ("agent", "at_fault", "avoid"),
    [("web-1", True, {"web-1"}), ("web-1", False, set()), (None, True, set())],
)
def test_an_agent_at_fault_is_avoided(agent: str | None, at_fault: bool, avoid: set[str]) -> None:
    failure = TRANSIENT.model_copy(update={"agent_id": agent and AgentId(agent), "agent_at_fault": at_fault})

    decision = POLICY.decide(failure, attempts=1, now=NOON, draw=0)

    assert isinstance(decision, RetryAt)
    assert decision.avoid == avoid


@pytest.mark.parametrize(
    "wrong",
    [{"max_attempts": 0}, {"max_attempts": 101}, {"base_delay": -1}, {"max_delay": -1}, {"max_delay": "P2D"}, {"n": 1}],
)
def test_a_policy_without_bounds_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RetryPolicy.model_validate(wrong)


def test_a_document_keeps_the_policy_and_the_order_of_its_codes() -> None:
    policy = RetryPolicy(codes=frozenset({"c", "a", "b"}), base_delay=timedelta(milliseconds=1500))

    assert RetryPolicy.model_validate_json(policy.model_dump_json()) == policy
    assert policy.model_dump(mode="json")["codes"] == ["a", "b", "c"]


def test_an_error_of_ours_says_what_it_did_and_whether_to_try_again() -> None:
    slow = TaskFailure.of(StepTimeoutError("web.click", "30 s"))
    unknown = TaskFailure.of(OutcomeUnknownError("mail.send", "connection lost"))
    wrong = TaskFailure.of(InvalidInputError("params.to", "no address"))

    assert (slow.code, slow.retryable, slow.effect) == ("timeout", True, Effect.NONE)
    assert (unknown.code, unknown.retryable, unknown.effect) == ("outcome_unknown", False, Effect.UNKNOWN)
    assert (wrong.code, wrong.retryable, wrong.facts["field"]) == ("invalid_input", False, "params.to")
    assert TaskFailure.model_validate_json(wrong.model_dump_json()) == wrong


@pytest.mark.parametrize(
    ("failure", "tries", "seconds"),
    [
        (NOBODY, 1, 0.125),
        (NOBODY, 4, 1.0),
        (NOBODY, 60, 10.0),
        (NOBODY, 61, None),
        (BUSY, 60, 2.5),
        (BUSY, 9_999, 2.5),
        (BUSY, 10_001, None),
        (NOBODY.model_copy(update={"effect": Effect.UNKNOWN}), 1, None),
        (NOBODY.model_copy(update={"retryable": False}), 1, None),
        (TRANSIENT, 1, None),
    ],
)
def test_what_nobody_took_is_offered_again(failure: TaskFailure, tries: int, seconds: float | None) -> None:
    pause = failure.pause_until_offered(tries, 0.5)

    assert pause == (None if seconds is None else timedelta(seconds=seconds))
