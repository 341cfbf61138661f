"""Influencers by their scores."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Make the index that finds and counts the highest influencers without sorting all."""
    op.create_index("influencer_by_score", "influencer", ["job_id", "influencer_score", "timestamp", "seq", "is_interim"])
