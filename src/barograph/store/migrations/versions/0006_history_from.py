"""Where a history begins of which older values have expired."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add it: nothing has expired yet."""
    op.add_column("job", sa.Column("history_from", sa.BigInteger()))
