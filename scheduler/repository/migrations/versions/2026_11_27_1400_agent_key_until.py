"""Until when the key of an agent is good that has a successor."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_27_1400"
down_revision = "2026_11_27_0900"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
