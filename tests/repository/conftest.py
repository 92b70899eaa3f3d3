"""Fixtures of the store's tests."""

from tests.support.store import clock, database, migrated_file, store, store_path

__all__ = ["clock", "database", "migrated_file", "store", "store_path"]
