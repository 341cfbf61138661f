"""What job the rows of a file are likely to be meant for, each part with its reason; a person decides."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from barograph.config.duration import DAY_MS, UNIT_MS
from barograph.config.job import Job
from barograph.intake import column_of
from barograph.intake.parse import parse_text
from barograph.intake.parse_times import parse_times
from barograph.jobs.drafts.preview import Column, Preview, plain_job
from barograph.results.labels import counted, joined
from barograph.results.words import rough_length, short

_SPANS: Final = ("1m", "5m", "10m", "15m", "30m", "1h", "2h", "3h", "6h", "12h", "1d")
_SPAN_MS: Final = {text: int(text[:-1]) * UNIT_MS[text[-1]] for text in _SPANS}
_MOST_BUCKETS: Final = 20_000
"""Of a series in the rows that are there: more are no clearer, and take longer. Chosen: 10 weeks of 5 minutes."""
_LEAST_BUCKETS: Final = 50
_ROWS_A_BUCKET: Final = 10
_FILLED: Final = 0.8
"""Of events, so many buckets must have rows, and half of them `_ROWS_A_BUCKET`. Chosen."""
_FEW_VALUES: Final = 1_000
"""Values of a field up to which it splits or blames without a second thought about memory."""
_ROWS_A_VALUE: Final = 5


@dataclass(frozen=True)
class Advice:
    """Something to know of a setting.

    Attributes:
        path: the setting, as in `analysis_config.bucket_span`.
        text: what is to be known.
        value: what would be better; None where it is not for a machine to say.
    """

    path: str
    text: str
    value: Any = None


@dataclass(frozen=True)
class Suggestion:
    """A job that suits the rows.

    Attributes:
        config: its document; None where no column has the time.
        reasons: why, by path of the setting.
    """

    config: dict[str, Any] | None
    reasons: dict[str, str]


def suggestion(name: str, seen: Preview) -> Suggestion:
    """A job for a file.

    Args:
        name: what the file is called.
        seen: what is in it.
    """
    if seen.time is None:
        return Suggestion(None, {"data_description.time_field": "no column reads as times: name the one that has them"})
    time_field, time_format = seen.time.name, seen.time.time_format
    times = parse_times(seen.frame.get_column(time_field), plain_job(time_field, time_format))
    texts = [column for column in seen.columns if column.kind == "text"]
    numbers = [column for column in seen.columns if column.kind == "number" and column.distinct > 1]
    split, split_reason = _split(seen, times, texts)
    keys = [] if split is None else [split]
    rows = _rows(seen.frame, times, keys)
    metric = _metric(numbers, rows)
    detector: dict[str, Any] = {"function": "mean", "field_name": metric.name} if metric else {"function": "count"}
    if split is not None:
        detector["partition_field_name"] = split
    span, span_reason = bucket_span(rows, keys, is_count=metric is None)
    influencers = [column.name for column in texts if column.name == split or _may_blame(column, seen.rows)]
    config: dict[str, Any] = {
        "job_id": job_id_of(name),
        "analysis_config": {"bucket_span": span, "detectors": [detector], "influencers": influencers},
        "data_description": {"time_field": time_field, "time_format": time_format},
        "model_plot_config": {"enabled": True},
    }
    reasons = {
        "data_description.time_field": seen.time.reason,
        "analysis_config.bucket_span": span_reason,
        "analysis_config.detectors": f"{metric.name} is the first column of numbers" if metric else "no column of numbers",
        **({"analysis_config.detectors[0].partition_field_name": split_reason} if split else {}),
        **({"analysis_config.influencers": f"{joined(influencers)}: few values, each in many rows"} if influencers else {}),
    }
    return Suggestion(config, reasons)


def job_id_of(name: str) -> str:
    """An id for the job of a file: its name without extensions, as far as ids go."""
    text = re.sub(r"[^a-z0-9_-]+", "-", name.partition(".")[0].lower()).strip("-_")[:64].strip("-_")
    return text or "new-job"


def bucket_span(rows: pl.DataFrame, keys: list[str], *, is_count: bool) -> tuple[str, str]:
    """A bucket span, and why.

    Args:
        rows: `time` in epoch ms, and the split fields.
        keys: the split fields.
        is_count: rows are counted; else they have values.
    """
    first, last = rows["time"].min(), rows["time"].max()
    length = int(last - first) if isinstance(first, int) and isinstance(last, int) else 0
    step = pl.col("time").diff()
    steps = rows.sort("time").select((step.over(keys) if keys else step).alias("step")).drop_nulls()["step"]
    steps = steps.filter(steps > 0)
    if not len(steps) or not length:
        return "5m", "too few rows to tell"
    low, usual, high = (float(steps.quantile(share, "nearest") or 0.0) for share in (0.25, 0.5, 0.75))
    if high <= 1.1 * low:
        return _of_regular(usual, length)
    return _of_events(rows, length, usual) if is_count else _of_regular(high, length, regular=False)


def _of_regular(step: float, length: int, *, regular: bool = True) -> tuple[str, str]:
    every = f"values come every {rough_length(step).removeprefix('1 ')}"
    if not regular:
        every = f"most values come within {rough_length(step)} of each other"
    for text, ms in _SPAN_MS.items():
        if ms >= 0.99 * step and length / ms <= _MOST_BUCKETS:
            many = round(ms / step)
            return text, every if many <= 1 else f"{every}: a bucket has about {many:,}"
    return "1d", every


def _of_events(rows: pl.DataFrame, length: int, usual: float) -> tuple[str, str]:
    """The shortest span with rows in most of its buckets, and enough of them."""
    for text, ms in _SPAN_MS.items():
        if length / ms > _MOST_BUCKETS:
            continue
        filled = rows.group_by(pl.col("time") // ms).len()["len"]
        share, half = len(filled) / max(1, length // ms), float(filled.median() or 0)  # type: ignore[arg-type]
        if (share >= _FILLED and half >= _ROWS_A_BUCKET) or length / (2 * ms) < _LEAST_BUCKETS:
            return text, f"{100 * min(share, 1):.0f} % of its buckets have rows, usually {short(half, 2)} of them"
    return "1d", f"rows come every {rough_length(usual).removeprefix('1 ')}"


def _split(seen: Preview, times: pl.Series, texts: list[Column]) -> tuple[str | None, str]:
    """The field whose values are the series of a table in which the same times come again and again."""
    again = len(times) / max(1, times.n_unique())
    if again < 1.5:
        return None, ""
    for column in sorted(texts, key=lambda one: one.distinct):
        if 1 < column.distinct <= _FEW_VALUES and column.missing < 0.05:
            frame = pl.DataFrame({"time": times, "key": parse_text(seen.frame.get_column(column.name))})
            if frame.n_unique() >= 0.95 * frame.height:
                return column.name, f"each time comes once for each of its {column.distinct:,} values"
    return None, ""


def _metric(numbers: list[Column], rows: pl.DataFrame) -> Column | None:
    """The first column of numbers that is no id and no number of the row."""
    for column in numbers:
        is_id = column.name.lower() in {"id", "index", "row"} or column.name.lower().endswith(("_id", "-id"))
        if not is_id and not _counts_up(column, rows.height):
            return column
    return None


def _counts_up(column: Column, rows: int) -> bool:
    """Whether it is the number of the row."""
    if column.distinct != rows or column.least not in (0.0, 1.0) or column.greatest is None:
        return False
    return column.greatest - column.least == rows - 1


def _may_blame(column: Column, rows: int) -> bool:
    return 1 < column.distinct <= _FEW_VALUES and rows >= _ROWS_A_VALUE * column.distinct and column.missing < 0.5


def _rows(frame: pl.DataFrame, times: pl.Series, keys: list[str]) -> pl.DataFrame:
    columns = {"time": times} | {key: parse_text(frame.get_column(key)) for key in keys}
    return pl.DataFrame(columns).drop_nulls()


def advice(job: Job, frame: pl.DataFrame) -> Iterator[Advice]:
    """What is to be known of a job's settings for rows like these: its span, and how many values its fields have."""
    times = column_of(frame, job.time_field)
    if times is None:
        return
    yield from _of_span(job, frame, parse_times(times, job))
    roles = {name: f"analysis_config.influencers[{at}]" for at, name in enumerate(job.influencers)}
    for index, detector in enumerate(job.detectors):
        for role, name in detector.splits.items():
            roles[name] = f"analysis_config.detectors[{index}].{role}_field_name"
    for name, path in roles.items():
        values = column_of(frame, name)
        if values is not None:
            yield from _of_values(name, path, values)


def _of_span(job: Job, frame: pl.DataFrame, times: pl.Series) -> Iterator[Advice]:
    detector = job.detectors[0]
    keys = [name for name in detector.splits.values() if column_of(frame, name) is not None]
    rows = _rows(frame, times, keys)
    if rows.is_empty():
        return
    span, reason = bucket_span(rows, keys, is_count=detector.spec.empty == "zero")
    path = "analysis_config.bucket_span"
    if _SPAN_MS[span] != job.bucket_span_ms:
        yield Advice(path, f"{span} would suit: {reason}", span)
    first, last = rows["time"].min(), rows["time"].max()
    if isinstance(first, int) and isinstance(last, int) and last - first < 14 * DAY_MS:
        yield Advice(path, f"the rows are of {rough_length(last - first)}: weekly patterns are found from two weeks on")


def _of_values(name: str, path: str, values: pl.Series) -> Iterator[Advice]:
    distinct, rows = int(values.drop_nulls().n_unique()), len(values)
    if distinct > _FEW_VALUES:
        yield Advice(path, f"{name} has {distinct:,} values in {rows:,} rows: each is a series or an entity of its own")
    if distinct <= 1:
        yield Advice(path, f"{name} has {counted(distinct, 'value')}: nothing is told apart by it")
    if values.null_count() > 0.05 * rows:
        yield Advice(path, f"{100 * values.null_count() / rows:.0f} % of the rows have no {name}")
