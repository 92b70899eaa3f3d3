"""What fails again and again is left alone, longer each time, and tried again one call at a time."""

from datetime import timedelta

from scheduler.core.circuit_breaker import CircuitBreaker
from tests.support.clock import FakeClock


def test_it_rests_longer_each_time_until_something_goes_well() -> None:
    clock = FakeClock()
    breaker = CircuitBreaker(clock, failures=2, pause=timedelta(seconds=5), first_pause=timedelta(seconds=2))
    rests, last = [], 0
    for _ in range(4):
        while breaker.lets_through:
            last = breaker.enter()
            breaker.failed(last)
        breaker.failed(last)  # one that was under way already prolongs nothing
        rests.append(breaker.closed_for.total_seconds())
        clock.advance(breaker.closed_for)

    assert rests == [2, 4, 5, 5]
    breaker.enter()
    breaker.succeeded()
    breaker.failed(breaker.enter())
    assert breaker.lets_through, "one failure is none"
    breaker.failed(breaker.enter())
    assert breaker.closed_for == timedelta(seconds=2)


def test_one_at_a_time_tries_whether_it_is_back() -> None:
    clock = FakeClock()
    breaker = CircuitBreaker(clock, failures=1, pause=timedelta(seconds=5))
    breaker.failed(breaker.enter())
    clock.advance(timedelta(seconds=5))
    probe = breaker.enter()

    assert (probe > 0, breaker.enter()) == (True, 0)
    breaker.left(probe)
    assert breaker.enter()


def test_only_the_end_of_the_one_that_tries_anew_lets_the_next_try() -> None:
    clock = FakeClock()
    breaker = CircuitBreaker(clock, failures=1, pause=timedelta(seconds=5))
    one, two, three = (breaker.enter() for _ in range(3))
    breaker.failed(one)
    clock.advance(timedelta(seconds=5))
    probe = breaker.enter()

    breaker.left(two)
    breaker.failed(three)

    assert not breaker.enter(), "the probe is still under way"
    assert breaker.closed_for == timedelta(0), "and the old failure prolongs nothing"
    breaker.failed(probe)
    assert breaker.closed_for == timedelta(seconds=5)
