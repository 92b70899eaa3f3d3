"""When each agent changed last, so that a process takes over what has changed and not all agents."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_27_0900"
down_revision = "2026_11_27_0800"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
