"""Messages by their alerts."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Make the index that finds what else is to be told of an alert without looking at all messages."""
    op.create_index("alert_message_by_alert", "alert_message", ["alert_id", "channel", "created_ms"])
