"""What scores are normalised by, and what explains a record."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add them. Results that are there already have none of it: their current scores stay as they are."""
    op.add_column("bucket", sa.Column("processing_time_ms", sa.BigInteger()))
    for name, kind in (
        ("log_evidence", sa.Double()),
        ("anomaly_type", TEXT),
        ("anomaly_length", sa.BigInteger()),
        ("single_bucket_impact", sa.BigInteger()),
        ("means_impact", sa.BigInteger()),
        ("characteristics_impact", sa.BigInteger()),
        ("high_variance_penalty", sa.Boolean()),
        ("incomplete_bucket_penalty", sa.Boolean()),
        ("multimodal_distribution", sa.Boolean()),
        ("values_before", sa.BigInteger()),
    ):
        op.add_column("record", sa.Column(name, kind))
    op.create_table(
        "quantiles",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("days", sa.Double(), nullable=False),
        sa.Column("entity_days", sa.Double(), nullable=False),
        sa.Column("cells", sa.Double(), nullable=False),
        sa.Column("counts", TEXT, nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "timestamp", "kind"),
        sqlite_with_rowid=False,
    )
