"""Dead letters by code and intent, and versions of plans."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_26_2300"
down_revision = "2026_11_26_2200"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
