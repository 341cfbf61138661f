"""Score labelled univariate series with one configuration, for the scorers of anomaly benchmarks.

    python benchmarks/univariate.py --in DIR --out DIR [--detector series|forest]

For every `*.csv` or `*.csv.gz` under --in with the columns `timestamp,value[,label]`: one job (mean of value, bucket
span = the file's usual step, defaults only; the label is never read). Under --out the same relative path appears twice, each
with the columns `timestamp,value,anomaly_score`, the score in 0..1, causal, as first written:

    severity/   the bucket score
    alert/      the bucket score where it is news: the first to reach 50, or 75 (docs/results.md, Buckets); else 0

A row that is not the last of its bucket scores 0: the bucket's score was not known yet. With the forest, severity is the score
as a share of the highest there can be, a fifth of it averaged over a shingle, and alert the grade where an anomaly begins.
"""

import argparse
import gzip
import time
from pathlib import Path

import numpy as np
import polars as pl

from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.models.forest import ForestConfig, ForestDetector
from barograph.models.forest_trees import TreesConfig
from barograph.results.results import Results


def usual_step_s(time_s: np.ndarray) -> int:
    """The commonest positive distance between consecutive rows, seconds."""
    steps = np.diff(time_s)
    values, counts = np.unique(steps[steps > 0], return_counts=True)
    return int(values[np.argmax(counts)]) if len(values) else 60


def read(path: Path) -> tuple[pl.DataFrame, np.ndarray]:
    """The file's rows as text, and their times in epoch seconds (times without a zone are taken as UTC)."""
    rows = pl.read_csv(path, infer_schema=False).select("timestamp", "value")
    epoch_s = rows["timestamp"].str.to_datetime(time_unit="ms", time_zone="UTC", strict=True).dt.epoch("s").to_numpy()
    return rows, epoch_s


def forest_score(rows: pl.DataFrame, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Severity and alert of each row by a forest of the one feature, 0..1."""
    step = usual_step_s(time_s)
    bucket = time_s // step
    first, last = int(bucket.min()), int(bucket.max())
    known = pl.DataFrame({"bucket": bucket, "value": rows["value"].cast(pl.Float64)}).group_by("bucket").mean()
    values = np.full(last - first + 1, np.nan)
    values[known["bucket"].to_numpy() - first] = known["value"].to_numpy()
    config = ForestConfig(TreesConfig(shingle=8), bucket_span_ms=1_000 * step, time_zone="UTC", first_bucket=first)
    found = ForestDetector.build(config).judge_and_learn(values[:, None])
    score = pl.Series(np.nan_to_num(found.score) / np.log2(config.trees.samples + 1))
    severity = (0.8 * score + 0.2 * score.ewm_mean(half_life=config.trees.shingle)).to_numpy()
    begins = (found.grade > 0) & ~np.append(False, found.grade[:-1] > 0)
    last_of_bucket = np.append(bucket[1:] != bucket[:-1], True)
    at = bucket - first
    return np.where(last_of_bucket, severity[at], 0.0), np.where(last_of_bucket & begins[at], found.grade[at], 0.0)


def series_score(rows: pl.DataFrame, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Severity and alert of each row by a job, 0..1."""
    step = usual_step_s(time_s)
    job = load_job(
        {
            "job_id": "univariate",
            "analysis_config": {"bucket_span": f"{step}s", "detectors": [{"function": "mean", "field_name": "value"}]},
            "data_description": {"time_field": "timestamp"},
        }
    )
    engine = Engine.build(job)
    end_ms = int(time_s.max()) // step * step * 1000 + step * 1000
    results = Results.concat([engine.add(rows), engine.flush(end_ms)])
    buckets = results.buckets.select(
        pl.col("timestamp") // (step * 1000), pl.col("initial_anomaly_score") / 100, pl.col("is_news")
    )
    bucket = time_s // step
    last_of_bucket = np.append(bucket[1:] != bucket[:-1], True)
    joined = pl.DataFrame({"timestamp": bucket}).join(buckets, on="timestamp", how="left", maintain_order="left")
    severity = np.where(last_of_bucket, joined["initial_anomaly_score"].fill_null(0.0).to_numpy(), 0.0)
    return severity, np.where(joined["is_news"].fill_null(False).to_numpy(), severity, 0.0)


DETECTORS = {"series": series_score, "forest": forest_score}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--in", dest="source", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--detector", choices=list(DETECTORS), default="series")
    args = parser.parse_args()
    files = sorted([*args.source.rglob("*.csv"), *args.source.rglob("*.csv.gz")])
    started, n_rows = time.process_time(), 0
    for path in files:
        if not {"timestamp", "value"} <= set(pl.read_csv(path, infer_schema=False, n_rows=1).columns):
            print(f"left out, no columns timestamp,value: {path.relative_to(args.source)}")
            continue
        rows, time_s = read(path)
        n_rows += len(rows)
        for kind, scores in zip(("severity", "alert"), DETECTORS[args.detector](rows, time_s), strict=True):
            target = args.out / kind / path.relative_to(args.source)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = rows.with_columns(anomaly_score=pl.Series(scores)).write_csv().encode()
            target.write_bytes(gzip.compress(text, mtime=0) if target.suffix == ".gz" else text)
    seconds = time.process_time() - started
    print(f"{len(files)} files, {n_rows} rows, {seconds:.1f} CPU s, {n_rows / seconds:,.0f} rows per CPU second")


if __name__ == "__main__":
    main()
