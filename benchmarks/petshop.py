"""Root causes in PetShop: is the component that was broken among the top influencers?

    python benchmarks/petshop.py PETSHOP_DIR RANKING.json     then the judge: petshop_rca.py PETSHOP_DIR RANKING.json

Each issue is a few buckets of 41 components' latency, requests and availability. A job reads the normal run of the scenario,
moved by whole days to end before the issue, then the issue. One job for all issues, the one that an operator would write who
knows the three metrics and no call graph. Components are ranked by how much less likely what they did became with the alert:
their least influencer probability from the alert's bucket on, against that of the buckets before it, within ten minutes of the
alert. What was odd before is no cause of it. Equal ones go by name; those that became no odder are left out.
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

SPAN: Final = 300
DAY: Final = 86_400
AROUND: Final = 600
"""Seconds on both sides of the alert in which a component may be told, as the judge's own baseline has it."""

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
    """`time` in epoch seconds, `component`, `statistic`, and one column a metric; a row a measured value."""
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
    """The components, the likeliest cause first; those that nothing was told of are left out."""
    shift = (issue["time"].min() - SPAN - normal["time"].max()) // DAY * DAY  # type: ignore[operator]
    stream = pl.concat([normal.with_columns(pl.col("time") + shift), issue]).sort("time", maintain_order=True)
    last = stream["time"].max() // SPAN * SPAN + SPAN  # type: ignore[operator]
    engine = barograph.Engine.build(barograph.load_job(JOB))
    found = pl.concat([results.influencers for results in (engine.add(stream), engine.flush(last * 1000))])
    time, ln_p = pl.col("timestamp") // 1000, pl.col("log_probability")
    with_it = time >= alert // SPAN * SPAN
    rise = (
        found.filter((time - alert).abs() <= AROUND)
        .group_by("influencer_field_value")
        .agg(rise=ln_p.filter(~with_it).min().fill_null(0.0) - ln_p.filter(with_it).min().fill_null(0.0))
        .filter(pl.col("rise") > 0.0)
    )
    return rise.sort("rise", "influencer_field_value", descending=[True, False])["influencer_field_value"].to_list()


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
