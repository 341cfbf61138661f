"""The tables. Columns of results are made from `results/schema.py`, so that the two cannot drift.

Every result table is stored in the order of its key (job, bucket, rank in the bucket), which is the order of every query by
time. Records have an index by score, too: the worst of a million take 1 ms by it and 330 ms without, and those of 50 or more
are counted in 1 ms instead of 250. It holds the time, so that a range of time is looked for without the rows themselves. All
records of a time are counted by a row a bucket (`bucket_series`): a million in 3 ms instead of 110.
"""

from dataclasses import fields
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from barograph.results import schema
from barograph.results.counts import DataCounts

METADATA: Final = sa.MetaData()

# Bytewise order on PostgreSQL too, so that both stores sort text alike whatever the server's locale.
TEXT: Final = sa.String().with_variant(sa.String(collation="C"), "postgresql")

_TYPES: Final[dict[pl.DataType, sa.types.TypeEngine[Any]]] = {
    pl.Int64(): sa.BigInteger(),
    pl.Int32(): sa.Integer(),
    pl.Float64(): sa.Double(),
    pl.String(): TEXT,
    pl.Boolean(): sa.Boolean(),
}


def _table(name: str, *columns: "sa.Column[Any] | sa.Index") -> sa.Table:
    return sa.Table(name, METADATA, *columns, sqlite_with_rowid=False)


def _key(name: str, kind: "sa.types.TypeEngine[Any]") -> "sa.Column[Any]":
    return sa.Column(name, kind, primary_key=True, nullable=False, autoincrement=False)


def _results(name: str, columns: tuple[schema.Column, ...], *, ranked: bool, texts: tuple[str, ...] = ()) -> sa.Table:
    """A result table; `ranked` ones hold several rows a bucket, told apart by `seq`, their position in it from 0.

    The columns `texts` hold lists, as JSON.
    """
    keys = {"timestamp": sa.BigInteger(), **({"seq": sa.Integer()} if ranked else {})}
    types = {column.name: TEXT if column.name in texts else _TYPES.get(column.dtype) for column in columns}
    flat = [sa.Column(name, kind) for name, kind in types.items() if kind is not None and name not in keys]
    return _table(name, _key("job_id", TEXT), *(_key(key, kind) for key, kind in keys.items()), *flat)


STORE: Final = _table("store", _key("store_id", TEXT))
"""One row: a random name for this database, under which its files lie. Two databases may share a data directory."""

JOB: Final = _table(
    "job",
    _key("job_id", TEXT),
    sa.Column("config", TEXT, nullable=False),  # the job document as JSON
    sa.Column("create_time", sa.BigInteger, nullable=False),  # epoch ms
    sa.Column("commits", sa.BigInteger, nullable=False),  # number of the last commit; never goes back, not even on reset
    sa.Column("replay_time", sa.BigInteger),  # epoch ms of the last replay; null when what there is came from rows
    sa.Column("history_from", sa.BigInteger),  # epoch ms: bucket values before it have expired; null when none have
    sa.Column("state", TEXT, nullable=False, server_default="closed"),  # a `JobState`
    sa.Column("failure", TEXT),  # why the state is "failed"; null in every other
    sa.Column("state_time", sa.BigInteger),  # epoch ms: when the state began; null for a job that never was open
    sa.Column("data_time", sa.BigInteger),  # epoch ms, wall clock: when rows last came; null before the first
)

DOCUMENT: Final = _table(
    "document",
    _key("kind", TEXT),  # such as "calendar": whose documents they are
    _key("name", TEXT),
    sa.Column("body", TEXT, nullable=False),  # as JSON
)

JOB_MESSAGE: Final = _table(
    "job_message",
    _key("job_id", TEXT),
    _key("number", sa.BigInteger()),  # 0, 1, ... in the order in which they came
    sa.Column("time_ms", sa.BigInteger, nullable=False),  # epoch ms, wall clock
    sa.Column("level", TEXT, nullable=False),  # info, warning or error
    sa.Column("text", TEXT, nullable=False),
)

DATA_COUNTS: Final = _table(
    "data_counts",
    _key("job_id", TEXT),
    *(
        sa.Column(field.name, TEXT if field.name == "examples" else sa.BigInteger(), nullable=field.default is None)
        for field in fields(DataCounts)
    ),
)

INPUT_PROGRESS: Final = _table(
    "input_progress",
    _key("job_id", TEXT),
    _key("source", TEXT),
    sa.Column("head_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", TEXT, nullable=False),
    sa.Column("rows_done", sa.BigInteger, nullable=False),
    sa.Column("malformed_done", sa.BigInteger, nullable=False),
    sa.Column("bytes_done", sa.BigInteger, nullable=False),
)

SNAPSHOT: Final = _table(
    "snapshot",
    _key("job_id", TEXT),
    _key("snapshot_id", TEXT),
    sa.Column("number", sa.BigInteger, nullable=False),  # of the commit that wrote it; the highest is the one to resume from
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("latest_record_timestamp", sa.BigInteger),
    sa.Column("latest_bucket_timestamp", sa.BigInteger),
    sa.Column("counts", TEXT),  # the job's counts when it was written, as JSON; null in snapshots of the first tables
    sa.Column("progress", TEXT),  # how far its inputs had been read then, as JSON; null as well
    sa.Column("description", TEXT),  # what somebody has noted of it
    sa.Column("retain", sa.Boolean, nullable=False, server_default=sa.false()),  # kept, whatever the job's retention says
    sa.Column("sizes", TEXT),  # what the job held in memory when it was written, as JSON; null when an old version wrote it
)

FORGOTTEN: Final = _table(
    "forgotten",
    _key("job_id", TEXT),
    _key("number", sa.BigInteger()),  # 0, 1, ... in the order in which they were forgotten
    sa.Column("start_ms", sa.BigInteger, nullable=False),
    sa.Column("end_ms", sa.BigInteger, nullable=False),
    sa.Column("entity", TEXT, nullable=False),  # [[field, value], ...] as JSON
)

HISTORY_FILE: Final = _table(
    "history_file",
    _key("job_id", TEXT),
    _key("kind", TEXT),  # the table of `Results` it holds rows of
    _key("number", sa.BigInteger()),  # of the commit that wrote it; rows are in the order of the numbers
    sa.Column("level", sa.Integer, nullable=False),  # how often its rows have been merged into a larger file
    sa.Column("name", TEXT, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("first_timestamp", sa.BigInteger, nullable=False),
    sa.Column("last_timestamp", sa.BigInteger, nullable=False),
    sa.Column("sha256", TEXT),  # of its content, in hexadecimal; null when an old version wrote it
)

FORECAST: Final = _table(
    "forecast",
    _key("job_id", TEXT),
    _key("forecast_id", TEXT),
    sa.Column("create_time", sa.BigInteger, nullable=False),  # epoch ms, wall clock
    sa.Column("start_ms", sa.BigInteger, nullable=False),
    sa.Column("end_ms", sa.BigInteger, nullable=False),
    sa.Column("expiry_time", sa.BigInteger),  # epoch ms, wall clock; null: never
    sa.Column("percentile", sa.Double, nullable=False),
    sa.Column("series", sa.BigInteger, nullable=False),
    sa.Column("left_out", TEXT, nullable=False),  # how many series were not forecast, by reason, as JSON
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger),  # of its file; null until that is whole
    sa.Column("sha256", TEXT),  # of its file's content, in hexadecimal; null until that is whole, and from an old version
)

BUCKET: Final = _results("bucket", schema.BUCKETS, ranked=False)
RECORD: Final = _results("record", schema.RECORDS, ranked=True)
sa.Index("record_by_score", *(RECORD.c[name] for name in ("job_id", "record_score", "timestamp", "seq", "is_interim")))

BUCKET_SERIES: Final = _table(
    "bucket_series",
    _key("job_id", TEXT),
    _key("timestamp", sa.BigInteger()),
    sa.Column("is_interim", sa.Boolean, nullable=False),
    sa.Column("records", sa.BigInteger, nullable=False),  # how many there are in the bucket, 1 at least
    sa.Column("series", sa.LargeBinary, nullable=False),  # 8 bytes a record in the order of `seq`: the name of its series
)
"""Which series have records in a bucket; see `bucket_series`."""

INFLUENCER: Final = _results("influencer", schema.INFLUENCERS, ranked=True)
sa.Index(
    "influencer_by_score", *(INFLUENCER.c[name] for name in ("job_id", "influencer_score", "timestamp", "seq", "is_interim"))
)
BUCKET_INFLUENCER: Final = _results("bucket_influencer", schema.BUCKET_INFLUENCERS, ranked=True)
ANNOTATION: Final = _results("annotation", schema.ANNOTATIONS, ranked=True)

FOREST_LISTS: Final = ("feature_data", "feature_imputed", "relevant_attribution", "expected_values", "past_values")
"""The lists of forest results."""

FOREST_RESULT: Final = _results("forest_result", schema.FOREST_RESULTS, ranked=True, texts=FOREST_LISTS)

RECORD_INFLUENCER: Final = _table(
    "record_influencer",
    _key("job_id", TEXT),
    _key("timestamp", sa.BigInteger()),
    _key("seq", sa.Integer()),  # of the record
    _key("rank", sa.Integer()),  # position among the record's influencers, 0 is the first of the strongest field
    sa.Column("influencer_field_name", TEXT, nullable=False),
    sa.Column("influencer_field_value", TEXT, nullable=False),
    sa.Column("influence", sa.Double),
)

QUANTILES: Final = _table(
    "quantiles",
    _key("job_id", TEXT),
    _key("timestamp", sa.BigInteger()),  # of the first bucket that they hold for
    _key("kind", TEXT),
    sa.Column("days", sa.Double, nullable=False),
    sa.Column("entity_days", sa.Double, nullable=False),
    sa.Column("cells", sa.Double, nullable=False),
    sa.Column("counts", TEXT, nullable=False),  # a list of numbers as JSON
    sa.Column("moved", sa.Boolean, nullable=False),
)

ALERT: Final = _table(
    "alert",
    _key("alert_id", TEXT),
    sa.Column("rule_id", TEXT, nullable=False),
    sa.Column("job_id", TEXT, nullable=False),
    sa.Column("kind", TEXT, nullable=False),  # incidents, buckets, influencers or records
    sa.Column("key", TEXT, nullable=False),  # id of the incident when it was raised; empty for other kinds
    sa.Column("entity", TEXT, nullable=False),  # {field: value} as JSON
    sa.Column("anchor", TEXT, nullable=False),  # what raised it as JSON: [time, series...]; by it it is found again
    sa.Column("status", TEXT, nullable=False),  # active, recovered or untracked
    sa.Column("time", sa.BigInteger, nullable=False),  # epoch ms: start of the bucket that raised it
    sa.Column("start_ms", sa.BigInteger, nullable=False),  # of its first anomalous bucket
    sa.Column("end_ms", sa.BigInteger, nullable=False),  # of its last one
    sa.Column("recovered_ms", sa.BigInteger),  # when enough buckets were quiet, in the time of the data
    sa.Column("triggered_ms", sa.BigInteger, nullable=False),  # epoch ms, wall clock
    sa.Column("ended_ms", sa.BigInteger),  # epoch ms, wall clock
    sa.Column("score", sa.Double, nullable=False),  # when it was raised
    sa.Column("max_score", sa.Double, nullable=False),
    sa.Column("interim", sa.Boolean, nullable=False),
    sa.Column("series", sa.BigInteger, nullable=False),
    sa.Column("records", sa.BigInteger, nullable=False),
    sa.Column("title", TEXT, nullable=False),
    sa.Column("text", TEXT, nullable=False),
    sa.Column("about", TEXT, nullable=False),  # what was odd and who is to blame, as JSON
    sa.Column("held", TEXT),  # why nobody is told yet; null when nothing holds it back
    sa.Column("told", sa.Boolean, nullable=False),  # messages of it have been put into the outbox
    sa.Column("acknowledged_ms", sa.BigInteger),  # epoch ms, wall clock
    sa.Column("acknowledged_by", TEXT),
    sa.Column("note", TEXT),
    sa.Column("expected", TEXT),  # forgotten or planned; null: nobody has said that it was expected
    sa.Index("alert_by_status", "status"),
)

ALERT_EVENT: Final = _table(
    "alert_event",
    _key("alert_id", TEXT),
    _key("number", sa.BigInteger()),  # 0, 1, ... in the order in which they came
    sa.Column("time_ms", sa.BigInteger, nullable=False),  # epoch ms, wall clock
    sa.Column("what", TEXT, nullable=False),
    sa.Column("text", TEXT, nullable=False),
    sa.Column("by", TEXT),  # who did it; null: nobody but the rule
)

ALERT_MESSAGE: Final = _table(
    "alert_message",
    _key("message_id", TEXT),
    sa.Column("alert_id", TEXT, nullable=False),
    sa.Column("channel", TEXT, nullable=False),
    sa.Column("body", TEXT, nullable=False),  # as JSON; it does not change any more
    sa.Column("created_ms", sa.BigInteger, nullable=False),  # epoch ms, wall clock
    sa.Column("next_ms", sa.BigInteger, nullable=False),  # when to send it next
    sa.Column("attempts", sa.BigInteger, nullable=False),
    sa.Index("alert_message_by_alert", "alert_id", "channel", "created_ms"),
)
"""The outbox: a message goes in with its alert, and out when it has been sent."""

ALERT_JUDGED: Final = _table(
    "alert_judged",
    _key("job_id", TEXT),
    sa.Column("commits", sa.BigInteger, nullable=False),  # of the job, up to which its results have been judged
    sa.Column("until_ms", sa.BigInteger, nullable=False),  # end of the last finished bucket among them
)

RESULTS: Final = (BUCKET, RECORD, RECORD_INFLUENCER, INFLUENCER, BUCKET_INFLUENCER, QUANTILES, ANNOTATION, FOREST_RESULT)
"""The tables of what was found in a bucket of a job."""

BY_BUCKET: Final = (*RESULTS, BUCKET_SERIES)
"""The tables whose rows belong to a bucket of a job."""

FOUND: Final = tuple(table for table in BY_BUCKET if table is not QUANTILES)
"""Of these, what was found. Quantiles are what later buckets are scored by."""

BY_JOB: Final = (*BY_BUCKET, DATA_COUNTS, INPUT_PROGRESS, SNAPSHOT, HISTORY_FILE, FORGOTTEN, FORECAST)
"""The tables that hold what a job has read, learned and found."""
