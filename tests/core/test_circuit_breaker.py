"""What fails again and again is left alone, longer each time, and tried again one call at a time."""

from datetime import timedelta

from scheduler.core.circuit_breaker import CircuitBreaker
from tests.support.clock import FakeClock


def test_it_rests_longer_each_time_until_something_goes_well() -> None:
    clock = FakeClock()
    breaker = CircuitBreaker(clock, failures=2, pause=timedelta(seconds=5), first_pause=timedelta(seconds=2))
    rests = []
    for _ in range(4):
        while breaker.lets_through:
            breaker.enter()
            breaker.failed()
        breaker.failed()  # one that was under way already prolongs nothing
        rests.append(breaker.closed_for.total_seconds())
        clock.advance(breaker.closed_for)

    assert rests == [2, 4, 5, 5]
    breaker.enter()
    breaker.succeeded()
    breaker.failed()
    assert breaker.lets_through, "one failure is none"
    breaker.failed()
    assert breaker.closed_for == timedelta(seconds=2)


def test_one_at_a_time_tries_whether_it_is_back() -> None:
    clock = FakeClock()
    breaker = CircuitBreaker(clock, failures=1, pause=timedelta(seconds=5))
    breaker.failed()
    clock.advance(timedelta(seconds=5))

    assert [breaker.enter(), breaker.enter()] == [True, False]
    breaker.left()
    assert breaker.enter()
