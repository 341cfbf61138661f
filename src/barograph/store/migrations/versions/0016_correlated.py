"""Which series led to expect another value."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add it to records. Those that are there are odd by themselves."""
    op.add_column("record", sa.Column("correlated_by_field_value", TEXT))
