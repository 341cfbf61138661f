"""What forest detectors find."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NUMBERS = ("anomaly_score", "anomaly_grade", "confidence", "threshold", "severity")
SPLITS = ("partition_field_name", "partition_field_value", "by_field_name", "by_field_value")
LISTS = ("feature_data", "feature_imputed", "relevant_attribution", "expected_values", "past_values")


def upgrade() -> None:
    """Add a table for it."""
    op.create_table(
        "forest_result",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("bucket_span", sa.BigInteger()),
        *(sa.Column(name, TEXT) for name in SPLITS),
        *(sa.Column(name, sa.Double()) for name in NUMBERS),
        sa.Column("late", sa.BigInteger()),
        *(sa.Column(name, TEXT) for name in LISTS),
        sa.Column("is_interim", sa.Boolean()),
        sa.PrimaryKeyConstraint("job_id", "timestamp", "seq"),
        sqlite_with_rowid=False,
    )
