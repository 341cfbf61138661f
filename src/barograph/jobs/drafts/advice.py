"""What of a job's settings is likely to mislead, by the settings alone and by the first rows that it reads."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import polars as pl

from barograph.config.detector import Detector
from barograph.config.duration import UNIT_MS
from barograph.config.job import Job
from barograph.intake import column_of
from barograph.intake.parse import parse_numbers, parse_text
from barograph.intake.parse_times import parse_times
from barograph.sources.chunk import Chunk

LOOKED_AT: Final = 200_000
"""Rows by which settings are judged."""

_MANY_SERIES: Final = 1_000
_FEW_FILLED: Final = 0.2
"""Share of the buckets of many series that have rows: with less, nearly all that is learnt is zeros."""
_STEPS: Final = 50
"""Steps between rows that must be seen before anything is said of them."""
_RESETS: Final = 0.02
"""Share of a counter's steps that may go down."""
_INSTEAD: Final = {"count": "non_zero_count", "sum": "non_null_sum"}


def of_settings(job: Job) -> list[str]:
    """What may mislead whatever the rows are, a sentence each."""
    if job.forest_config is not None:
        silent = job.forest_config.imputation_option is None
        return ["what falls silent is no anomaly: it has no result; imputation_option {method: ZERO} tells of it"] * silent
    # Of what is rare, nobody expects to be told that it is not there.
    if any(detector.spec.empty == "zero" or detector.spec.statistic in ("rare", "freq_rare") for detector in job.detectors):
        return []
    detector = job.detectors[0]
    # A member without rows is not compared with the others; with its own past it is.
    splits = {"by" if role == "over" else role: name for role, name in reversed(detector.splits.items())}
    fields = [f"{role}_field_name: {name}" for role, name in sorted(splits.items())]
    count = ", ".join(["function: count", *fields])
    return [
        f"what falls silent is no anomaly of {detector.function}, which has no value without rows; a detector "
        f"{{{count}}} tells of it"
    ]


def of_rows(job: Job, frame: pl.DataFrame) -> list[str]:
    """What may mislead for rows like these, a sentence each."""
    times = column_of(frame, job.time_field)
    if times is None:
        return []
    time_ms = parse_times(times, job)
    told = [_of_detector(job, detector, frame, time_ms) for detector in job.detectors]
    return list(dict.fromkeys(sentence for sentences in told for sentence in sentences))


def advised(job: Job, chunks: Iterable[Chunk], tell: Callable[[str], None]) -> Iterator[Chunk]:
    """The same chunks; what their first `LOOKED_AT` rows say of the job's settings is told when they have passed."""
    seen: list[pl.DataFrame] = []
    needed, open_ = [job.time_field, *job.fields], True
    for chunk in chunks:
        yield chunk
        if open_:
            seen.append(chunk.frame.select(name for name in needed if name in chunk.frame.columns))
            open_ = sum(frame.height for frame in seen) < LOOKED_AT
            if not open_:
                _tell(job, seen, tell)
    if open_:
        _tell(job, seen, tell)


def _tell(job: Job, seen: list[pl.DataFrame], tell: Callable[[str], None]) -> None:
    frames = [frame for frame in seen if frame.width]
    for sentence in of_rows(job, pl.concat(frames, how="diagonal_relaxed")) if frames else []:
        tell(f"note: {sentence}")


def _of_detector(job: Job, detector: Detector, frame: pl.DataFrame, time_ms: pl.Series) -> Iterator[str]:
    columns = {"time": time_ms}
    for name in detector.splits.values():
        values = column_of(frame, name)
        columns[f"split {name}"] = parse_text(pl.Series([None] * frame.height) if values is None else values)
    number = column_of(frame, detector.field_name) if detector.field_name and detector.spec.field_type == "number" else None
    if number is not None:
        columns["value"] = parse_numbers(number)[0]
    rows = pl.DataFrame(columns).drop_nulls()
    keys = [name for name in rows.columns if name.startswith("split ")]
    if detector.spec.empty == "zero" and keys:
        yield from _sparse(job, detector, rows, keys)
    elif number is not None:
        yield from _short_span(job, rows, keys)
    if number is not None:
        yield from _counter(detector, rows, keys)


def _sparse(job: Job, detector: Detector, rows: pl.DataFrame, keys: list[str]) -> Iterator[str]:
    """A sum or count of many series that have rows in few buckets only."""
    cells = rows.with_columns(pl.col("time") // job.bucket_span_ms)
    series, buckets = cells.select(keys).n_unique(), cells["time"].n_unique()
    filled = cells.select("time", *keys).n_unique() / max(series * buckets, 1)
    if series < _MANY_SERIES or filled >= _FEW_FILLED:
        return
    prefix, _, base = detector.function.rpartition("_") if detector.function.startswith(("high_", "low_")) else ("", "", "")
    instead = f"{prefix}_{_INSTEAD[base]}" if prefix else _INSTEAD[detector.function]
    named = " and ".join(key.removeprefix("split ") for key in keys)
    yield (
        f"{detector.function} by {named}: {100 * (1 - filled):.0f} % of the buckets of {series:,} series are empty, each "
        f"is a zero; {instead} looks at buckets with rows only"
    )


def _short_span(job: Job, rows: pl.DataFrame, keys: list[str]) -> Iterator[str]:
    """A bucket span shorter than the step between the values of a series, where that is regular."""
    steps = _steps(rows, keys).filter(pl.col("step") > 0)["step"]
    if len(steps) < _STEPS:
        return
    low, usual, high = (steps.quantile(share, "nearest") or 0.0 for share in (0.25, 0.5, 0.75))
    if high <= 1.1 * low and job.bucket_span_ms < 0.9 * usual:
        yield (
            f"bucket_span={str(job.analysis_config.bucket_span)!r} is shorter than the usual step between values, "
            f"{_length(round(usual))}: most buckets have no data"
        )


def _counter(detector: Detector, rows: pl.DataFrame, keys: list[str]) -> Iterator[str]:
    """A value that only grows, but for a few restarts."""
    change = _steps(rows, keys)["change"]
    if len(change) < _STEPS:
        return
    falls, rises = int((change < 0).sum()), int((change > 0).sum())
    if falls <= _RESETS * len(change) and 2 * rises > len(change):
        yield (
            f"{detector.field_name} only grows, as counters do: {detector.function} of it has no usual value; "
            "give the job its growth from row to row"
        )


def _steps(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """From each value of a series to its next: `step` in ms, `change` of the value."""
    ordered = rows.sort("time", maintain_order=True)
    step, change = pl.col("time").diff(), pl.col("value").diff()
    if keys:
        step, change = step.over(keys), change.over(keys)
    return ordered.select(step=step, change=change).drop_nulls()


def _length(ms: int) -> str:
    unit = next(unit for unit in ("d", "h", "m", "s", "ms") if ms % UNIT_MS[unit] == 0)
    return f"{ms // UNIT_MS[unit]}{unit}"
