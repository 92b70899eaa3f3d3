"""Brings the schema of a store to the present. Each revision is a dated SQL file, applied once, forward only."""

from pathlib import Path

HEAD = "2026_11_22_2300"
_FOLDER = Path(__file__).parent


def upgrade(path: Path) -> None:
    """Apply to the SQLite file what it has not seen yet."""
    from alembic import command  # noqa: PLC0415 - costs half a second, and only a file that is new or old needs it
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["url"] = f"sqlite:///{path}"
    command.upgrade(config, "head")
