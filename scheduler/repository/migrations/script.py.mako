"""${message}"""

from pathlib import Path

from scheduler.repository.migrations.statements import run_file

revision = "${up_revision}"
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Apply the SQL beside this file."""
    run_file(Path(__file__).with_suffix(".sql"))
