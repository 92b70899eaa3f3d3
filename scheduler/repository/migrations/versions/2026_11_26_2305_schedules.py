"""Schedules: orders that come again, and what has become of each firing."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_26_2305"
down_revision = "2026_11_26_2300"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
