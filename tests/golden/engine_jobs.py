"""Golden jobs that an engine runs: rows in, result tables out, through `barograph`'s public names alone."""

from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any, Final

import polars as pl

import barograph
from barograph.samples import NYC_TAXI
from tests.golden.digest import Table, of_documents, of_frame
from tests.golden.streams import DAY, HOUR, MINUTE, START, arriving_late, requests, shapes, traffic, unclean

Tables = dict[str, Table]

RESULTS: Final = (
    "buckets", "records", "influencers", "bucket_influencers", "annotations", "bucket_values", "influencer_shares", "quantiles",
)  # fmt: skip

EVERY_STATISTIC: Final = [
    {"function": "count"},
    {"function": "high_sum", "field_name": "bytes", "partition_field_name": "host"},
    {"function": "mean", "field_name": "bytes", "by_field_name": "status", "partition_field_name": "host"},
    {"function": "median", "field_name": "bytes", "by_field_name": "host"},
    {"function": "metric", "field_name": "bytes"},
    {"function": "varp", "field_name": "bytes"},
    {"function": "distinct_count", "field_name": "user"},
    {"function": "low_non_zero_count", "by_field_name": "status"},
]


def job(detectors: list[dict[str, Any]], *, influencers: Iterable[str] = (), **changes: Any) -> barograph.Job:
    """A job over rows with epoch ms in `time`; a change of `bucket_span`, `latency` or the like belongs to the analysis."""
    analysis = {"bucket_span": "15m", "detectors": detectors, "influencers": list(influencers)}
    of_analysis = ("bucket_span", "latency", "summary_count_field_name")
    analysis |= {name: changes.pop(name) for name in of_analysis if name in changes}
    document = {"job_id": "golden", "analysis_config": analysis, "data_description": {"time_format": "epoch_ms"}}
    return barograph.load_job(document | changes)


def of_results(results: barograph.Results) -> Tables:
    """All tables of results, and the counts."""
    counts = {field.name: [getattr(results.counts, field.name)] for field in fields(results.counts) if field.name != "examples"}
    examples = [(one.reason, one.row, one.value, one.message) for one in results.counts.examples]
    return {name: of_frame(getattr(results, name)) for name in RESULTS} | {"counts": counts | {"examples": examples}}


def of_engine(engine: barograph.Engine, duration: str) -> Tables:
    """What its models say of themselves and of the future."""
    return {"descriptions": of_frame(engine.describe()), "forecasts": of_frame(engine.forecast(duration).rows)}


def resumed(engine: barograph.Engine) -> barograph.Engine:
    """The engine that a snapshot gives."""
    return barograph.Engine.build(engine.job, barograph.Snapshot.from_bytes(engine.snapshot().to_bytes()))


def run(of: barograph.Job, frame: pl.DataFrame, rows: int, end: int | None = None, duration: str = "1d") -> Tables:
    """All that a job gives of a stream in pieces of so many rows; half way it goes on from a snapshot."""
    engine, parts = barograph.Engine.build(of), []
    for place, piece in enumerate(frame.iter_slices(rows)):
        if place == frame.height // rows // 2:
            engine = resumed(engine)
        parts.append(engine.add(piece))
    parts.append(engine.flush(end))
    return of_results(barograph.Results.concat(parts)) | of_engine(resumed(engine), duration)


def taxi() -> Tables:
    return run(NYC_TAXI.job(), NYC_TAXI.frame(), 4_000, duration="7d")


def every_statistic() -> Tables:
    return run(job(EVERY_STATISTIC, influencers=["host", "user"]), requests(), 700, START + 3 * DAY)


def splits() -> Tables:
    detectors = [
        {"function": "mean", "field_name": "bytes", "by_field_name": "status", "partition_field_name": "host"},
        {"function": "metric", "field_name": "bytes", "partition_field_name": "host"},
        {"function": "count", "by_field_name": "status"},
    ]
    plot = {"enabled": True, "terms": "host-1,404", "bounds_percentile": 90.0}
    return run(job(detectors, model_plot_config=plot, time_zone="Europe/Berlin"), requests(seed=2), 1_500)


def influencers() -> Tables:
    detectors = [
        {"function": "count"},
        {"function": "sum", "field_name": "bytes", "by_field_name": "host"},
        {"function": "varp", "field_name": "bytes"},
        {"function": "max", "field_name": "bytes"},
    ]
    of = job(detectors, influencers=["user", "host", "status"], summary_count_field_name="n")
    return run(of, requests(seed=3), 2_000)


def late_rows() -> Tables:
    """Rows late within the latency, rows later than that, and rows that cannot be read."""
    of = job(EVERY_STATISTIC[:4], influencers=["user"], latency="30m")
    return run(of, unclean(arriving_late(requests(seed=4), 45 * MINUTE)), 900)


def interim() -> Tables:
    """What open buckets give as a stream goes on, and at last what they gave when they were over."""
    detectors = [{"function": "count", "by_field_name": "host"}, {"function": "mean", "field_name": "size"}]
    of = job(detectors, influencers=["host"], bucket_span="1h", summary_count_field_name="n", latency="1h")
    frame = traffic(9 * 24 + 12.5)
    engine, found = barograph.Engine.build(of), []
    for piece in frame.iter_slices(701):
        found += [engine.add(piece), engine.flush(calc_interim=True)]
    found.append(engine.flush(frame["time"].max() // HOUR * HOUR, calc_interim=True))
    return of_results(barograph.Results.concat(found))


def all_shapes() -> Tables:
    """Seasons, trends, changes and their annotations, of series with bounds for every bucket; a mean and a count of each."""
    detectors = [
        {"function": "mean", "field_name": "value", "by_field_name": "name"},
        {"function": "count", "partition_field_name": "name"},
    ]
    of = job(detectors, bucket_span="1h", model_plot_config={"enabled": True}, time_zone="America/New_York")
    return run(of, shapes(), 5_000, duration="3d")


def one_sided() -> Tables:
    """Every function that has no field, or a side, each split and whole."""
    names = ("high_mean", "low_mean", "high_sum", "low_sum", "non_null_sum", "high_non_null_sum", "min", "max", "high_varp",
             "low_varp", "high_median", "low_median")  # fmt: skip
    detectors = [{"function": name, "field_name": "bytes"} for name in names]
    detectors += [{"function": name, "by_field_name": "host"} for name in ("high_count", "low_count", "high_non_zero_count")]
    detectors += [{"function": name, "field_name": "user"} for name in ("high_distinct_count", "low_distinct_count")]
    return run(job(detectors, influencers=["user"], bucket_span="1h"), requests(6_000, 8.0, seed=6), 2_500)


def explanations() -> Tables:
    """Every series of a few buckets explained: of the flood, after the gap, and of quiet hours."""
    engine = barograph.Engine.build(job(EVERY_STATISTIC[:5], influencers=["user"]))
    results = barograph.Results.concat([engine.add(requests(3_000, seed=7)), engine.flush()])
    names = ("timestamp", "partition_field_value", "by_field_value", "actual", "typical", "lower", "upper", "probability",
             "log_probability", "score", "anomaly_type", "gate", "values_before", "model")  # fmt: skip
    rows = []
    for hours in (4.0, 11.25, 20.0, 38.5, 39.0, 46.75):
        for one in engine.explain(results, START + int(hours * HOUR)):
            measured = {"detector_index": one.measure.detector_index, "measured": one.measure.function_description}
            factors = [(factor.name, factor.points) for factor in one.factors]
            rows.append({name: getattr(one, name) for name in names} | measured | {"factors": factors})
    return {"explanations": of_documents(rows)}


def rare_values() -> Tables:
    """Who is there for the first time, and again; with partitions, over members, and by how often."""
    detectors = [
        {"function": "rare", "by_field_name": "user", "partition_field_name": "host"},
        {"function": "rare", "by_field_name": "status", "over_field_name": "user", "partition_field_name": "host"},
        {"function": "freq_rare", "by_field_name": "user", "over_field_name": "host"},
    ]
    frame = requests(seed=8, days=12.0)
    eve = frame.filter(pl.int_range(pl.len()).is_in([3_000, 4_000, 4_001])).with_columns(
        user=pl.lit("eve"), status=pl.lit("666")
    )
    both = pl.concat([frame, eve]).sort("time", maintain_order=True)
    return run(job(detectors, influencers=["user", "status"], bucket_span="30m"), both, 1_700)


JOBS: Final[dict[str, Callable[[], Tables]]] = {
    made.__name__: made
    for made in (
        taxi,
        every_statistic,
        splits,
        influencers,
        late_rows,
        interim,
        all_shapes,
        one_sided,
        explanations,
        rare_values,
    )
}
