"""Root causes in PetShop: is the component that was broken among the first that incidents name?

    python benchmarks/petshop.py PETSHOP_DIR RANKING.json     then the judge: petshop_rca.py PETSHOP_DIR RANKING.json

Each issue is a few buckets of 41 components' latency, requests and availability. A job reads the normal run of the scenario,
moved by whole days to end before the issue, then the issue. One job for all issues, the one that an operator would write who
knows the three metrics and no call graph. Components are ranked as `incidents` lists their series, those of the highest
incident first. What was odd before is no cause of the alert: such a series is compared with what it was then.
"""

import csv
import gzip
import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

import barograph
from barograph.results.schema import SERIES_KEY
from barograph.scoring.episodes import OPENING_SCORE
from barograph.scoring.incidents import incidents

SPAN: Final = 300
DAY: Final = 86_400
AROUND: Final = 600
"""Seconds on both sides of the alert in which a component may be told, as the judge's own baseline has it."""

LAG: Final = SPAN
"""Seconds by which an alert may come later than the end of the first bucket that it is about."""

_METRICS: Final = {"latency": "high_mean", "requests": "mean", "availability": "low_mean"}

JOB: Final[dict[str, Any]] = {
    "job_id": "petshop",
    "analysis_config": {
        "bucket_span": f"{SPAN}s",
        "detectors": [
            {
                "function": function,
                "field_name": metric,
                "by_field_name": "statistic",
                "partition_field_name": "component",
            }
            for metric, function in _METRICS.items()
        ],
        "influencers": ["component"],
    },
    "data_description": {"time_field": "time", "time_format": "epoch"},
}


def rows(folder: Path) -> pl.DataFrame:
    """`time` in epoch seconds, `component`, `statistic`, and one column a metric; a row a measured value.

    Times are the ends of five minutes: were they beginnings, several alerts would come before anything shows.
    """
    with gzip.open(folder / "metrics.csv.gz", "rt", newline="") as file:
        table = list(csv.reader(file))
    components, metrics, statistics = (heads[1:] for heads in table[:3])
    body = [row for row in table[3:] if row and row[0] not in ("unix_timestamp", "empty")]
    time = np.array([int(float(row[0])) for row in body])
    value = np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in body])
    long = pl.DataFrame(
        {
            "time": np.repeat(time, len(components)),
            "component": components * len(body),
            "metric": metrics * len(body),
            "statistic": statistics * len(body),
            "value": value.ravel(),
        }
    ).filter(pl.col("value").is_finite())
    return long.with_columns(pl.when(metric=name).then("value").alias(name) for name in _METRICS).drop("metric", "value")


def ranking(normal: pl.DataFrame, issue: pl.DataFrame, alert: int) -> list[str]:
    """The components, the likeliest cause first; those that no incident is about are left out."""
    cut = int(issue["time"].to_numpy().min()) % SPAN
    issue, alert = issue.with_columns(pl.col("time") - cut), alert - cut  # so that each row is a bucket
    shift = int(issue["time"].to_numpy().min() - SPAN - normal["time"].to_numpy().max()) // DAY * DAY
    stream = pl.concat([normal.with_columns(pl.col("time") + shift), issue]).sort("time", maintain_order=True)
    last = int(stream["time"].to_numpy().max()) + SPAN
    engine = barograph.Engine.build(barograph.load_job(JOB))
    records = pl.concat([results.records for results in (engine.add(stream), engine.flush(last * 1000))])
    time = pl.col("timestamp") // 1000
    near = records.filter((time - alert).abs() <= AROUND, pl.col("record_score") >= OPENING_SCORE)
    with_it = time > alert - LAG
    before = near.filter(~with_it).sort("timestamp").group_by(SERIES_KEY).agg(before=pl.last("actual"))
    since = near.filter(with_it).join(before, on=SERIES_KEY, how="left", nulls_equal=True)
    told = incidents(since.with_columns(typical=pl.coalesce("before", "typical")).drop("before"), SPAN * 1000)
    members = told.sort("score", "start", descending=[True, False])["members"].explode().struct.unnest()
    return members["partition_field_value"].drop_nulls().unique(maintain_order=True).to_list()


def main() -> None:
    root, out = Path(sys.argv[1]), {}
    for target in sorted(root.glob("**/target.json")):
        folder = target.parent
        normal = rows(root / folder.relative_to(root).parts[0] / "noissue")
        alert = json.loads(target.read_text())["target"]["timestamp"]
        out[str(folder.relative_to(root))] = ranking(normal, rows(folder), int(alert))
    Path(sys.argv[2]).write_text(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
