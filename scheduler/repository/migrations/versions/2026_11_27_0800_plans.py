"""Plans that were shown and may be submitted for a time."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_27_0800"
down_revision = "2026_11_27_0700"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
