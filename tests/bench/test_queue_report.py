"""How rounds become ratios and floors."""

import math

import pytest

from bench.peers.rounds import Figures
from bench.queue_report import fastest_peer_over, floors, ratio

pytestmark = pytest.mark.component

QUIET = [{"commit_p50": 0.4, "commit_p95": 0.9, "ping_p50": 0.1}]
SLOW = [{"commit_p50": 2.4, "commit_p95": 9.0, "ping_p50": 0.1}]


def a_round(**figures: float) -> list[Figures]:
    """Return ours and dramatiq of one round, by `ours_drain=…`."""
    found: dict[str, Figures] = {
        "ours-redis": {"name": "ours-redis"},
        "dramatiq": {"name": "dramatiq"},
        "saq": {"name": "saq", "errors": ["not installed"]},
    }
    for key, value in figures.items():
        who, _, figure = key.partition("_")
        found[{"ours": "ours-redis"}.get(who, who)][figure] = value
    return list(found.values())


def test_a_ratio_compares_within_a_round_and_takes_the_median() -> None:
    rounds = [
        a_round(ours_drain=4000, dramatiq_drain=1000),
        a_round(ours_drain=600, dramatiq_drain=200),
        a_round(ours_drain=9000, dramatiq_drain=1000),
    ]

    assert ratio(rounds, "ours-redis", "dramatiq", "drain") == pytest.approx(4)


def test_a_round_in_which_one_of_the_two_failed_does_not_count() -> None:
    rounds = [a_round(ours_drain=4000, dramatiq_drain=1000), a_round(ours_drain=900)]

    assert ratio(rounds, "ours-redis", "dramatiq", "drain") == pytest.approx(4)
    assert math.isnan(ratio(rounds, "ours-redis", "saq", "drain"))


def test_latency_is_compared_with_the_fastest_peer_of_the_round() -> None:
    rounds = [a_round(ours_p50=2.0, dramatiq_p50=8.0, saq_p50=5.0)]

    assert fastest_peer_over(rounds, "ours-redis") == pytest.approx(2.5)


def test_a_peer_that_could_not_run_leaves_its_floor_short() -> None:
    judged = {floor.name: floor for floor in floors([a_round(ours_drain=4000, dramatiq_drain=1000)], {}, {}, QUIET)}

    assert judged["drain_redis_over_dramatiq"].reached
    assert str(judged["drain_redis_over_saq"]) == "short drain_redis_over_saq nan 4"


def test_milliseconds_are_judged_on_a_quiet_disk_only() -> None:
    rounds = [a_round(ours_p50=5.0, ours_p95=11.0, dramatiq_p50=8.0)]

    quiet = {floor.name: floor.reached for floor in floors(rounds, {}, {}, QUIET)}
    slow = {floor.name for floor in floors(rounds, {}, {}, SLOW)}

    assert quiet["latency_redis_p50_ms"]
    assert quiet["latency_redis_p95_ms"]
    assert "latency_redis_p50_ms" not in slow
    assert "latency_fastest_peer_over_redis" in slow
