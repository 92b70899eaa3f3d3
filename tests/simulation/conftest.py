"""Fixtures of the simulator's tests: the real store, for comparison."""

from tests.support.store import clock, database, migrated_file, store, store_path

__all__ = ["clock", "database", "migrated_file", "store", "store_path"]
