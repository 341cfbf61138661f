"""What forests found, as a table for people."""

from zoneinfo import ZoneInfo

import polars as pl
from rich.table import Table
from rich.text import Text

from barograph.cli import tables
from barograph.config.job import Job
from barograph.results import labels
from barograph.results.forest_words import blamed
from barograph.results.words import short


def graded(job: Job, frame: pl.DataFrame) -> Table:
    """Results of forests of a job; columns as `schema.FOREST_RESULTS`. The score is that of the grade, 0 to 100."""
    assert job.forest_config is not None
    zone, names = ZoneInfo(job.time_zone), [feature.feature_name for feature in job.forest_config.features]
    rows = frame.rows(named=True)
    split = bool(job.detectors[0].splits)
    numbers = ["grade", "forest score", "threshold"]
    table = tables.plain("score", "", f"when ({zone})", *(["who"] if split else []), *numbers, "to blame", right=numbers)
    for row in rows:
        score, word = tables.severity(row["severity"])
        odd = row["anomaly_grade"] > 0.0
        when = labels.when(row["timestamp"], zone) + (" (interim)" if row["is_interim"] else "")
        late = f"{labels.counted(row['late'], 'bucket')} before: " if row["late"] else ""
        told = [short(row[name], 3) for name in ("anomaly_grade", "anomaly_score", "threshold")]
        who = [_entity(row)] if split else []
        what = late + "; ".join(blamed(names, row)) if odd else ""
        tables.add(table, score, word if odd else Text(""), when, *who, *told, what)
    return table


def _entity(row: labels.Row) -> str:
    """`host=web-1 service=pay`."""
    pairs = ((row[f"{role}_field_name"], row[f"{role}_field_value"]) for role in ("partition", "by"))
    return " ".join(f"{name}={value}" for name, value in pairs if name is not None)
