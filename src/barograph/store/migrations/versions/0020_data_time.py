"""When rows last came."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Make the column; of jobs that there are it is not known."""
    op.add_column("job", sa.Column("data_time", sa.BigInteger()))
