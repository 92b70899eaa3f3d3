"""Fair turns between tenants, and delayed jobs apart from those that are ready."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_26_2200"
down_revision = "2026_11_22_2300"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
