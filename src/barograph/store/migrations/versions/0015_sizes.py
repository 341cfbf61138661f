"""What a job holds in memory."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add it to snapshots. Those that are there tell nothing of it."""
    op.add_column("snapshot", sa.Column("sizes", TEXT))
