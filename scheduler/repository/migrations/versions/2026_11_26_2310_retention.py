"""What pruning needs to find old idempotency keys; jobs, messages and events are found by their numbers."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_26_2310"
down_revision = "2026_11_26_2305"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
