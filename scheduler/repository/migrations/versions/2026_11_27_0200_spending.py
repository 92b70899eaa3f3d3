"""What models have cost, by who pays."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_27_0200"
down_revision = "2026_11_26_2310"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
