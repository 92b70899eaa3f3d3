"""Fixtures of the chaos tests."""

from tests.support.scene import chance, redis
from tests.support.store import migrated_file, store_path

__all__ = ["chance", "migrated_file", "redis", "store_path"]
