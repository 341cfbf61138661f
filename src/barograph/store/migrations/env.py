"""Runs the migrations on the connection, and in the transaction, that `store/migrate.py` hands over."""

from alembic import context

from barograph.store.migrate import VERSION_TABLE
from barograph.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    transactional_ddl=True,  # SQLite can: our transaction is begun explicitly
    render_as_batch=True,  # how SQLite changes a column
)
context.run_migrations()
