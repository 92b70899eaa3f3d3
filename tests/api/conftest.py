"""Fixtures of the API's tests."""

from tests.support.services import api, clean_environment, open_api, router, working_api
from tests.support.store import migrated_file, store_path

__all__ = ["api", "clean_environment", "migrated_file", "open_api", "router", "store_path", "working_api"]
