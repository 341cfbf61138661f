"""Where a job is in its life, and why it failed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add it: no job is open, as nothing could keep one open before."""
    op.add_column("job", sa.Column("state", TEXT, nullable=False, server_default="closed"))
    op.add_column("job", sa.Column("failure", TEXT))
