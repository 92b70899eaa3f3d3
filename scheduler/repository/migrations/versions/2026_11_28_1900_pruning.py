"""What is old is found by its time, and a job that is being removed is known."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_28_1900"
down_revision = "2026_11_28_1850"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
