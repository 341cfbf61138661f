"""The tables of the first release.

A migration is a record of what was done: it spells every column out and is not changed again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Create them all."""
    _store()
    _job()
    _data_counts()
    _input_progress()
    _snapshot()
    _history_file()
    _bucket()
    _record()
    _influencer()
    _bucket_influencer()
    _record_influencer()


def _store() -> None:
    op.create_table(
        "store",
        sa.Column("store_id", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("store_id"),
        sqlite_with_rowid=False,
    )


def _job() -> None:
    op.create_table(
        "job",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("config", TEXT, nullable=False),
        sa.Column("create_time", sa.BigInteger(), nullable=False),
        sa.Column("commits", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("job_id"),
        sqlite_with_rowid=False,
    )


def _data_counts() -> None:
    op.create_table(
        "data_counts",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("input_record_count", sa.BigInteger(), nullable=False),
        sa.Column("input_bytes", sa.BigInteger(), nullable=False),
        sa.Column("input_field_count", sa.BigInteger(), nullable=False),
        sa.Column("processed_record_count", sa.BigInteger(), nullable=False),
        sa.Column("processed_field_count", sa.BigInteger(), nullable=False),
        sa.Column("invalid_date_count", sa.BigInteger(), nullable=False),
        sa.Column("missing_field_count", sa.BigInteger(), nullable=False),
        sa.Column("out_of_order_timestamp_count", sa.BigInteger(), nullable=False),
        sa.Column("malformed_record_count", sa.BigInteger(), nullable=False),
        sa.Column("not_a_number_count", sa.BigInteger(), nullable=False),
        sa.Column("bucket_count", sa.BigInteger(), nullable=False),
        sa.Column("empty_bucket_count", sa.BigInteger(), nullable=False),
        sa.Column("sparse_bucket_count", sa.BigInteger(), nullable=False),
        sa.Column("earliest_record_timestamp", sa.BigInteger()),
        sa.Column("latest_record_timestamp", sa.BigInteger()),
        sa.Column("latest_bucket_timestamp", sa.BigInteger()),
        sa.Column("latest_empty_bucket_timestamp", sa.BigInteger()),
        sa.Column("latest_sparse_bucket_timestamp", sa.BigInteger()),
        sa.Column("examples", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("job_id"),
        sqlite_with_rowid=False,
    )


def _input_progress() -> None:
    op.create_table(
        "input_progress",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("head_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("rows_done", sa.BigInteger(), nullable=False),
        sa.Column("malformed_done", sa.BigInteger(), nullable=False),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "source"),
        sqlite_with_rowid=False,
    )


def _snapshot() -> None:
    op.create_table(
        "snapshot",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("snapshot_id", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("latest_record_timestamp", sa.BigInteger()),
        sa.Column("latest_bucket_timestamp", sa.BigInteger()),
        sa.PrimaryKeyConstraint("job_id", "snapshot_id"),
        sqlite_with_rowid=False,
    )


def _history_file() -> None:
    op.create_table(
        "history_file",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("first_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("last_timestamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "kind", "number"),
        sqlite_with_rowid=False,
    )


def _bucket() -> None:
    op.create_table(
        "bucket",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("bucket_span", sa.BigInteger()),
        sa.Column("anomaly_score", sa.Double()),
        sa.Column("initial_anomaly_score", sa.Double()),
        sa.Column("probability", sa.Double()),
        sa.Column("log_probability", sa.Double()),
        sa.Column("raw_anomaly_score", sa.Double()),
        sa.Column("max_record_score", sa.Double()),
        sa.Column("record_count", sa.BigInteger()),
        sa.Column("event_count", sa.BigInteger()),
        sa.Column("episode_start", sa.BigInteger()),
        sa.Column("is_news", sa.Boolean()),
        sa.Column("is_interim", sa.Boolean()),
        sa.PrimaryKeyConstraint("job_id", "timestamp"),
        sqlite_with_rowid=False,
    )


def _record() -> None:
    op.create_table(
        "record",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("bucket_span", sa.BigInteger()),
        sa.Column("detector_index", sa.Integer()),
        sa.Column("function", TEXT),
        sa.Column("function_description", TEXT),
        sa.Column("field_name", TEXT),
        sa.Column("partition_field_name", TEXT),
        sa.Column("partition_field_value", TEXT),
        sa.Column("by_field_name", TEXT),
        sa.Column("by_field_value", TEXT),
        sa.Column("actual", sa.Double()),
        sa.Column("typical", sa.Double()),
        sa.Column("lower_bound", sa.Double()),
        sa.Column("upper_bound", sa.Double()),
        sa.Column("probability", sa.Double()),
        sa.Column("log_probability", sa.Double()),
        sa.Column("raw_anomaly_score", sa.Double()),
        sa.Column("multi_bucket_impact", sa.Double()),
        sa.Column("record_score", sa.Double()),
        sa.Column("initial_record_score", sa.Double()),
        sa.Column("is_interim", sa.Boolean()),
        sa.PrimaryKeyConstraint("job_id", "timestamp", "seq"),
        sqlite_with_rowid=False,
    )


def _influencer() -> None:
    op.create_table(
        "influencer",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("bucket_span", sa.BigInteger()),
        sa.Column("influencer_field_name", TEXT),
        sa.Column("influencer_field_value", TEXT),
        sa.Column("influencer_score", sa.Double()),
        sa.Column("initial_influencer_score", sa.Double()),
        sa.Column("probability", sa.Double()),
        sa.Column("log_probability", sa.Double()),
        sa.Column("raw_anomaly_score", sa.Double()),
        sa.Column("is_interim", sa.Boolean()),
        sa.PrimaryKeyConstraint("job_id", "timestamp", "seq"),
        sqlite_with_rowid=False,
    )


def _bucket_influencer() -> None:
    op.create_table(
        "bucket_influencer",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("bucket_span", sa.BigInteger()),
        sa.Column("influencer_field_name", TEXT),
        sa.Column("anomaly_score", sa.Double()),
        sa.Column("initial_anomaly_score", sa.Double()),
        sa.Column("probability", sa.Double()),
        sa.Column("log_probability", sa.Double()),
        sa.Column("raw_anomaly_score", sa.Double()),
        sa.Column("is_interim", sa.Boolean()),
        sa.PrimaryKeyConstraint("job_id", "timestamp", "seq"),
        sqlite_with_rowid=False,
    )


def _record_influencer() -> None:
    op.create_table(
        "record_influencer",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("influencer_field_name", TEXT, nullable=False),
        sa.Column("influencer_field_value", TEXT, nullable=False),
        sa.Column("influence", sa.Double()),
        sa.PrimaryKeyConstraint("job_id", "timestamp", "seq", "rank"),
        sqlite_with_rowid=False,
    )
