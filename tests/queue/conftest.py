"""Fixtures of the queue's tests."""

from tests.support.queue_model import dispatch
from tests.support.queues import open_queue, queue, queue_over
from tests.support.redis_server import shared_redis
from tests.support.store import clock, database, migrated_file, store, store_path

__all__ = [
    "clock",
    "database",
    "dispatch",
    "migrated_file",
    "open_queue",
    "queue",
    "queue_over",
    "shared_redis",
    "store",
    "store_path",
]
