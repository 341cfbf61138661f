"""Records by their scores."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the index that finds the worst records without looking at all of them."""
    op.create_index("record_by_score", "record", ["job_id", "record_score", "timestamp", "seq", "is_interim"])
