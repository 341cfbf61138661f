"""Rows of aggregations: one for each innermost bucket, with the keys and the numbers on the way to it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl

from barograph.config.errors import UnreadableInput
from barograph.config.job import Job

Row = dict[str, Any]


def aggregated_rows(aggregations: Mapping[str, Any], ask: Callable[[dict[str, Any]], dict[str, Any]], job: Job) -> list[Row]:
    """The rows of aggregations, of all pages of a composite.

    Args:
        aggregations: what is asked for.
        ask: answers aggregations.
        job: the job that the rows are for.

    Raises:
        UnreadableInput: buckets of two kinds lie beside each other.
    """
    rows: list[Row] = []
    following: dict[str, Any] | None = dict(aggregations)
    while following is not None:
        answered = ask(following)
        rows += leaf_rows(answered, job.time_field, job.analysis_config.summary_count_field_name)
        following = _next_page(following, answered)
    return rows


def leaf_rows(aggregations: Mapping[str, Any], time_field: str, count_field: str | None) -> Iterator[Row]:
    """The rows of an answer.

    Args:
        aggregations: as they were answered, by name.
        time_field: the job's time field; its value is the one of the aggregation of this name, else the key of the histogram.
        count_field: where the number of documents goes (`summary_count_field_name`); None leaves it out.

    Raises:
        UnreadableInput: buckets of two kinds lie beside each other.
    """
    for row, count in _walk(aggregations, {}, time_field):
        if count_field == "doc_count":
            row["doc_count"] = count
        if count:
            yield row


def _walk(node: Mapping[str, Any], above: Row, time_field: str, count: int = 1) -> Iterator[tuple[Row, int]]:
    row = dict(above)
    branches = []
    for name, part in node.items():
        if isinstance(part, Mapping) and "buckets" in part:
            branches.append((name, part["buckets"]))
        elif isinstance(part, Mapping):
            value = _value(part)
            if value is not None:
                row[name] = value
    if len(branches) > 1:
        names = ", ".join(name for name, _ in branches)
        raise UnreadableInput(f"aggregations={names}: wanted buckets of one kind on each level")
    if not branches:
        yield row, count
        return
    name, buckets = branches[0]
    for bucket in buckets.values() if isinstance(buckets, Mapping) else buckets:
        keyed = dict(row)
        key = bucket.get("key")
        if isinstance(key, Mapping):
            keyed |= key
        elif "key_as_string" in bucket and time_field not in row:
            keyed[time_field] = key
        else:
            keyed[name] = key
        yield from _walk(bucket, keyed, time_field, bucket["doc_count"])


def _value(part: Mapping[str, Any]) -> Any:
    if "value" in part:
        return part["value"]
    values = part.get("values")
    if isinstance(values, Mapping) and len(values) == 1:  # a percentile
        return next(iter(values.values()))
    return None


def _next_page(aggregations: dict[str, Any], answered: dict[str, Any]) -> dict[str, Any] | None:
    """The aggregations of the page behind an answer; None behind the last."""
    for name, definition in aggregations.items():
        composite, after = definition.get("composite"), answered.get(name, {}).get("after_key")
        if composite is not None and after is not None:
            return {**aggregations, name: {**definition, "composite": {**composite, "after": after}}}
    return None


def framed(rows: list[dict[str, Any]], job: Job) -> pl.DataFrame:
    """Rows as a frame with the columns that a job needs, by time."""
    names = [job.time_field, *(name for name in job.fields if name != job.time_field)]
    columns: dict[str, pl.Series] = {name: pl.Series([row.get(name) for row in rows], strict=False) for name in names}
    times = pl.Series([None if row.get(job.time_field) is None else int(row[job.time_field]) for row in rows], dtype=pl.Int64)
    columns[job.time_field] = times.cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
    return pl.DataFrame(columns).sort(job.time_field, maintain_order=True)
