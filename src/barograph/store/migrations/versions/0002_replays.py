"""What replays and reverts need: spans that are forgotten, and the counts and progress that belong to each snapshot."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add them. Snapshots that are there already have none of it, and cannot be reverted to."""
    op.add_column("job", sa.Column("replay_time", sa.BigInteger()))
    op.add_column("snapshot", sa.Column("counts", TEXT))
    op.add_column("snapshot", sa.Column("progress", TEXT))
    op.create_table(
        "forgotten",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "number"),
        sqlite_with_rowid=False,
    )
