"""When the blocks of the audit log were written, in place of an index of every line."""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "2026_11_27_0600"
down_revision = "2026_11_27_0200"


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
