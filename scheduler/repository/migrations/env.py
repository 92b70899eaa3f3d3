"""Alembic's entry: connects to the store named by whoever called, and runs the revisions in one transaction."""

from pathlib import Path
from typing import Any

import sqlalchemy
from alembic import context


def run(path: Path) -> None:
    """Apply the revisions. SQLite changes its schema inside the transaction only if the driver leaves BEGIN to us."""
    url = sqlalchemy.URL.create("sqlite", database=str(path))
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)

    @sqlalchemy.event.listens_for(engine, "connect")
    def _leave_transactions_to_us(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
        connection.isolation_level = None

    @sqlalchemy.event.listens_for(engine, "begin")
    def _begin(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.connect() as connection:
        context.configure(connection=connection, transactional_ddl=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run(context.config.attributes["path"])
