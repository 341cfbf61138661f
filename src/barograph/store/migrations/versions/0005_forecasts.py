"""Forecasts that are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the table that lists them."""
    op.create_table(
        "forecast",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("forecast_id", TEXT, nullable=False),
        sa.Column("create_time", sa.BigInteger(), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("expiry_time", sa.BigInteger()),
        sa.Column("percentile", sa.Double(), nullable=False),
        sa.Column("series", sa.BigInteger(), nullable=False),
        sa.Column("left_out", TEXT, nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger()),
        sa.PrimaryKeyConstraint("job_id", "forecast_id"),
        sqlite_with_rowid=False,
    )
