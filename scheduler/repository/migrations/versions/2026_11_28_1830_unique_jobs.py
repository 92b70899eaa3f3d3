"""Jobs of which there may be one of a kind."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_28_1830"
down_revision = "2026_11_27_1400"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
