"""The first schema: jobs, tasks, events, messages, the audit log."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_22_2300"
down_revision = None


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
