"""Checksums of history and forecast files."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add them; files that are there already have none, and are checked by their format alone."""
    op.add_column("history_file", sa.Column("sha256", TEXT))
    op.add_column("forecast", sa.Column("sha256", TEXT))
