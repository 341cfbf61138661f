"""What the models have accepted as changed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the table. What was accepted before this version is there after the job's next replay."""
    op.create_table(
        "annotation",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("bucket_span", sa.BigInteger()),
        sa.Column("detector_index", sa.Integer()),
        sa.Column("function_description", TEXT),
        sa.Column("field_name", TEXT),
        sa.Column("partition_field_name", TEXT),
        sa.Column("partition_field_value", TEXT),
        sa.Column("by_field_name", TEXT),
        sa.Column("by_field_value", TEXT),
        sa.Column("kind", TEXT),
        sa.Column("before", sa.Double()),
        sa.Column("after", sa.Double()),
        sa.Column("text", TEXT),
        sa.PrimaryKeyConstraint("job_id", "timestamp", "seq"),
        sqlite_with_rowid=False,
    )
