"""Which series have records in which bucket."""

from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import numpy as np
import sqlalchemy as sa
from alembic import op

from barograph.store.bucket_series import name_of

revision = "0017"
down_revision = "0016"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
KEY = ("detector_index", "function_description", "partition_field_value", "by_field_value", "over_field_value")
RECORD = sa.table("record", *(sa.column(name) for name in ("job_id", "timestamp", "seq", "is_interim", *KEY)))
AT_ONCE = 5000


def upgrade() -> None:
    """Add a table for it, and fill it from the records that there are."""
    table = op.create_table(
        "bucket_series",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("is_interim", sa.Boolean(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("series", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "timestamp"),
        sqlite_with_rowid=False,
    )
    c = RECORD.c
    chosen = sa.select(c.job_id, c.timestamp, c.is_interim, *(c[name] for name in KEY))
    records = op.get_bind().execute(chosen.order_by(c.job_id, c.timestamp, c.seq), execution_options={"yield_per": AT_ONCE})
    buckets = (_row(key, list(rows)) for key, rows in groupby(records, key=itemgetter(0, 1)))
    while some := list(islice(buckets, AT_ONCE)):
        op.bulk_insert(table, some)


def _row(key: tuple[str, int], records: list[Any]) -> dict[str, Any]:
    names = np.array([name_of(tuple(record[3:])) for record in records], "<i8")
    return {
        "job_id": key[0],
        "timestamp": key[1],
        "is_interim": bool(records[0].is_interim),
        "records": len(records),
        "series": names.tobytes(),
    }
