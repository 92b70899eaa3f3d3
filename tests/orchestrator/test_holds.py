"""Until when a lease holds is said once for all jobs of a claim, and anew for every other lease."""

from datetime import timedelta

from scheduler.core.ids import LeaseToken
from scheduler.core.job import Lease
from scheduler.orchestrator.run_means import Holds
from tests.support.clock import FakeClock

MINUTE = timedelta(minutes=1)


def test_a_lease_holds_until_the_same_moment_for_all_that_share_it() -> None:
    clock = FakeClock()
    holds = Holds(clock)
    shared = Lease(token=LeaseToken("one"), epoch=1, until=clock.now() + MINUTE)
    other = Lease(token=LeaseToken("two"), epoch=1, until=clock.now() + 2 * MINUTE)

    first = holds.of(shared)
    clock.advance(timedelta(seconds=10))

    assert first == clock.monotonic() + 50
    assert holds.of(shared) == first
    assert holds.of(other) == clock.monotonic() + 110
    assert holds.of(shared) == first
