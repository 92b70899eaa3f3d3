"""Words of descriptions, indexed by where the jobs lie."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_28_1850"
down_revision = "2026_11_28_1840"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
