"""Fixtures of the agents' tests."""

from tests.support.redis_server import shared_redis
from tests.support.store import clock, database, migrated_file, store_path

__all__ = ["clock", "database", "migrated_file", "shared_redis", "store_path"]
