"""Agents, their keys and signs of life, who may join, and what LAM messages need beyond being kept."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_27_0610"
down_revision = "2026_11_27_0600"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
