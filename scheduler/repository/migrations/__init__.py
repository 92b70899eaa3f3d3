"""Brings the schema of a store to the present. Each revision is a dated SQL file, applied once, forward only."""

import threading
from pathlib import Path

HEAD = "2026_11_28_2010"
_FOLDER = Path(__file__).parent
_one_at_a_time = threading.Lock()
"""Alembic keeps what it is working on in its modules."""


def upgrade(path: Path) -> None:
    """Apply to the SQLite file what it has not seen yet, in one transaction. Raises sqlite3.Error."""
    from alembic import command  # noqa: PLC0415 - costs half a second, and only a file that is new or old needs it
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["path"] = path
    try:
        with _one_at_a_time:
            command.upgrade(config, "head")
    except DBAPIError as error:
        if error.orig is None:
            raise
        raise error.orig from error
