"""Fixtures of the fault tests: scenes with real processes, real files and a Redis of their own."""

import pytest

from tests.support.redis_server import shared_redis
from tests.support.scene import chance, either_scene, redis, redis_scene, scene, scenes
from tests.support.store import migrated_file, store_path

__all__ = [
    "chance",
    "either_scene",
    "migrated_file",
    "redis",
    "redis_scene",
    "scene",
    "scenes",
    "shared_redis",
    "store_path",
]


@pytest.fixture(autouse=True)
def how_to_repeat(request: pytest.FixtureRequest) -> None:
    """Print the command that repeats a test; it is shown when the test fails."""
    print(f"repeat with: .venv/bin/python -m pytest {request.node.nodeid!r}")  # noqa: T201
