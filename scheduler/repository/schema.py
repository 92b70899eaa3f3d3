"""Writes `schema.sql`, the schema that all migrations together give: `python -m scheduler.repository.schema`."""

import contextlib
import sqlite3
import tempfile
from pathlib import Path

from scheduler.repository.migrations import upgrade

SCHEMA_FILE = Path(__file__).with_name("schema.sql")
_HEADER = "-- Generated from the migrations by `python -m scheduler.repository.schema`. Do not edit.\n"
_OBJECTS = """
SELECT sql FROM sqlite_master
WHERE sql IS NOT NULL AND name <> 'sqlite_sequence' AND tbl_name <> 'alembic_version'
AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
ORDER BY tbl_name, CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END, name
"""


def migrated_schema() -> str:
    """Return the schema of a new file after all migrations, in an order that does not depend on theirs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "schema.db"
        upgrade(path)
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return _HEADER + "".join(f"\n{sql};\n" for (sql,) in connection.execute(_OBJECTS))


if __name__ == "__main__":
    SCHEMA_FILE.write_text(migrated_schema(), encoding="utf-8")
