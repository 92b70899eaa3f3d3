"""Looks at how a Redis is set up before it is trusted with the queue."""

import contextlib
from typing import Any, Final, cast

from redis import Redis
from redis.exceptions import RedisError

_TIMEOUT: Final = 2.0  # seconds that Redis may take to answer
_KEEPS: Final = "noeviction"


def throws_away_by(url: str) -> str | None:
    """Return the policy by which Redis drops keys when its memory is used up; None: it drops none, or cannot be asked.

    A Redis that does not answer is no reason not to start: until it does, jobs are taken from the store.
    """
    with (
        contextlib.suppress(RedisError, OSError),
        Redis.from_url(url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT) as client,
    ):
        memory = cast("dict[str, Any]", client.info("memory"))
        policy = str(memory.get("maxmemory_policy", _KEEPS))
        return policy if memory.get("maxmemory") and policy != _KEEPS else None
    return None
