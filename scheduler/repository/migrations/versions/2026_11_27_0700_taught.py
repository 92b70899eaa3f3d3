"""What people teach: examples of intents, and whole intents."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_27_0700"
down_revision = "2026_11_27_0610"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
