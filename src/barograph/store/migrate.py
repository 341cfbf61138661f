"""Bringing a database to the tables that this version knows, on open."""

import uuid
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from barograph.config.errors import OtherVersion, StorageFailure
from barograph.store import tables
from barograph.store.database import SCHEMA, Database

HEAD: Final = "0020"
"""The newest migration. A constant, so that opening a current database does not import Alembic (0.2 s)."""

VERSION_TABLE: Final = "barograph_version"
SCRIPTS: Final = Path(__file__).parent / "migrations"

_LOCK: Final = 0x6261726F  # "baro": the PostgreSQL advisory lock of whoever migrates


def is_empty(database: Database) -> bool:
    """Whether there are no tables yet.

    Raises:
        StorageFailure: there are, and they have lost what they are known by.
    """
    schema = SCHEMA if database.is_postgresql else None
    with database.read() as connection:
        if not sa.inspect(connection).has_table(VERSION_TABLE, schema=schema):
            return True
        if connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() is None:
            raise StorageFailure(f"store={database.name!r}: wanted the version of its tables; the database is damaged")
        if connection.execute(sa.select(tables.STORE.c.store_id)).scalar() is None:
            raise StorageFailure(f"store={database.name!r}: wanted the id of its store; the database is damaged")
        return False


def migrate(database: Database) -> str:
    """Create or upgrade the tables, and return the store's id.

    Everything happens in one transaction that only one process can be in, so two processes may open an empty database at once,
    and one that is killed leaves the old tables.

    Raises:
        OtherVersion: a newer version wrote the database.
    """
    store_id = _current(database)
    if store_id is not None:
        return store_id
    with database.write() as connection:
        if database.is_postgresql:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            if not sa.inspect(connection).has_schema(SCHEMA):
                connection.execute(sa.schema.CreateSchema(SCHEMA))
        if _revision(connection, database) != HEAD:
            _upgrade(connection)
        store_id = connection.execute(sa.select(tables.STORE.c.store_id)).scalar()
        if store_id is None:
            store_id = uuid.uuid4().hex[:12]
            connection.execute(tables.STORE.insert().values(store_id=store_id))
        return store_id


def _current(database: Database) -> str | None:
    """The store's id if nothing needs to be done."""
    with database.read() as connection:
        if _revision(connection, database) != HEAD:
            return None
        store_id: str | None = connection.execute(sa.select(tables.STORE.c.store_id)).scalar()
        return store_id


def _revision(connection: sa.Connection, database: Database) -> str | None:
    """The migration that the database is at; None when it is empty."""
    if not sa.inspect(connection).has_table(VERSION_TABLE, schema=SCHEMA if database.is_postgresql else None):
        return None
    revision: str | None = connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    if revision is not None and revision > HEAD:
        raise OtherVersion(
            f"store={database.name!r} has tables of version {revision}: this Barograph knows them up to {HEAD}; upgrade it"
        )
    return revision


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415  # only when there is something to do, see HEAD
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
