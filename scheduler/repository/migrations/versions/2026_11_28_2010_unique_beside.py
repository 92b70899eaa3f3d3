"""A unique job that goes on is in the way of others, though one that did not mind it has taken its key."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_28_2010"
down_revision = "2026_11_28_1900"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
