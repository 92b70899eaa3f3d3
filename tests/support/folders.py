"""Fixtures of what works on files: the folder that it may see, and the artifacts of jobs."""

from pathlib import Path

import pytest

from scheduler.executors.files import ArtifactStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")
