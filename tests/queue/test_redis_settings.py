"""A Redis that may drop jobs is refused at the start, and one that does not answer is not."""

import pytest
from redis import Redis

from examples.mailbox.dovecot import free_port
from scheduler.queue.redis_settings import throws_away_by
from tests.support.redis_server import RedisServer


@pytest.mark.integration
@pytest.mark.parametrize(
    ("memory", "policy", "dropped_by"),
    [
        ("0", "noeviction", None),
        ("0", "allkeys-lru", None),
        ("100mb", "noeviction", None),
        ("100mb", "volatile-lru", "volatile-lru"),
    ],
)
def test_what_drops_keys_is_named(shared_redis: RedisServer, memory: str, policy: str, dropped_by: str | None) -> None:
    with Redis.from_url(shared_redis.url) as client:
        before = {name: client.config_get(name)[name] for name in ("maxmemory", "maxmemory-policy")}
        client.config_set("maxmemory", memory)
        client.config_set("maxmemory-policy", policy)
        try:
            assert throws_away_by(shared_redis.url) == dropped_by
        finally:
            for name, value in before.items():
                client.config_set(name, value)


def test_one_that_does_not_answer_is_no_reason_not_to_start() -> None:
    assert throws_away_by(f"redis://127.0.0.1:{free_port('127.0.0.1')}/0") is None
