"""How rare a value is."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add it to records. Those that are there are of other functions."""
    op.add_column("record", sa.Column("buckets_before", sa.BigInteger()))
    op.add_column("record", sa.Column("by_field_first_occurrence", sa.Boolean()))
    op.add_column("record", sa.Column("by_field_relative_rarity", sa.Double()))
