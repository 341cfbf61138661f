"""Members of populations."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the over field and its value to what is told of series. Nothing that is stored has one."""
    for table in ("record", "annotation"):
        for part in ("name", "value"):
            op.add_column(table, sa.Column(f"over_field_{part}", TEXT))
