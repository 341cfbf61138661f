"""The columns of every result table: name, type, unit, meaning. The store, the machine formats and the docs follow this file.

Times are epoch milliseconds (UTC) of the *start* of a bucket. Scores run from 0 to 100. `probability` is a double in
(0, 1], clamped at the smallest normal double 2.2e-308; `log_probability` is its natural logarithm and is not clamped.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final, TypeVar

import polars as pl

from barograph.config.splits import SERIES_ROLES, SPLIT_VALUES


@dataclass(frozen=True)
class Column:
    """One column of a result table."""

    name: str
    dtype: pl.DataType
    meaning: str


INFLUENCE: Final = pl.Struct(
    {
        "influencer_field_name": pl.String(),
        "influencer_field_values": pl.List(pl.String()),
        "influences": pl.List(pl.Float64()),
    }
)

_BUCKET_KEY: Final = (
    Column("timestamp", pl.Int64(), "start of the bucket, epoch ms"),
    Column("bucket_span", pl.Int64(), "length of the bucket, seconds"),
)
_INTERIM: Final = Column("is_interim", pl.Boolean(), "true while the bucket is still open")
_RAW: Final = (
    Column("probability", pl.Float64(), "chance of something at least as unlikely, (0, 1]: what the score is made of"),
    Column("log_probability", pl.Float64(), "natural logarithm of the probability, never clamped"),
    Column("raw_anomaly_score", pl.Float64(), "deviation of the probability before normalisation, 0 to 100"),
)
_SPLITS: Final = tuple(
    Column(f"{role}_field_{part}", pl.String(), f"{part} of the {role} field; null when the detector has none")
    for role in SERIES_ROLES
    for part in ("name", "value")
)

SERIES_KEY: Final = ("detector_index", "function_description", *SPLIT_VALUES)
"""The columns that tell one series of a job from the others."""

INFLUENCER_KEY: Final = ("influencer_field_name", "influencer_field_value")
"""The columns that tell one influencer of a job from the others."""

RECORDS: Final = (
    *_BUCKET_KEY,
    Column("seq", pl.Int32(), "rank among the records of its bucket, 0 is the least likely"),
    Column("detector_index", pl.Int32(), "position of the detector in the job, from 0"),
    Column("function", pl.String(), "the detector's function as configured, aliases resolved"),
    Column("function_description", pl.String(), "what the function measures: count, mean, sum, ..."),
    Column("field_name", pl.String(), "the field the function reads; null for counts"),
    *_SPLITS,
    Column(
        "correlated_by_field_value",
        pl.String(),
        "the by value of the series that led to expect another value; null where it is odd by itself",
    ),
    Column("actual", pl.Float64(), "the bucket value; of times and places see functions.md"),
    Column("typical", pl.Float64(), "the model's centre for this bucket"),
    Column("lower_bound", pl.Float64(), "lower end of the model's 95 % interval for this bucket"),
    Column("upper_bound", pl.Float64(), "upper end of the model's 95 % interval for this bucket"),
    *_RAW,
    Column("log_evidence", pl.Float64(), "the same as log_probability"),
    Column("multi_bucket_impact", pl.Float64(), "-5 (this bucket alone) to 5 (the last buckets together)"),
    Column(
        "anomaly_type",
        pl.String(),
        "spike, dip, change (the last buckets together), still (the very same value for several) "
        "or missing (no rows where some were due)",
    ),
    Column("anomaly_length", pl.Int64(), "buckets since the anomaly of this series began, this one included"),
    Column("single_bucket_impact", pl.Int64(), "-log10 of the probability of this bucket alone, rounded; 0 from 0.05 up"),
    Column(
        "means_impact",
        pl.Int64(),
        "the same of the buckets of a run that ends here, of about the last 50, or of a value that stands still",
    ),
    Column("characteristics_impact", pl.Int64(), "the same against what the series has shown before"),
    Column("high_variance_penalty", pl.Boolean(), "more spread than usual is expected at this time, which lowers the score"),
    Column("incomplete_bucket_penalty", pl.Boolean(), "judged by what the open bucket is likely to become"),
    Column(
        "multimodal_distribution", pl.Boolean(), "values far from the centre are a habit of the series, which lowers the score"
    ),
    Column("values_before", pl.Int64(), "values that the series had before; few make wide bounds"),
    Column(
        "buckets_before",
        pl.Int64(),
        "of a rare value, the buckets of its partition before this one, `values_before` of which had it; else null",
    ),
    Column("by_field_first_occurrence", pl.Boolean(), "whether none of these buckets had the rare value; else null"),
    Column(
        "by_field_relative_rarity",
        pl.Float64(),
        "how many times as many buckets have the usual value, the one in the middle; null where no value is judged",
    ),
    Column("record_score", pl.Float64(), "normalised score, may be renormalised later"),
    Column("initial_record_score", pl.Float64(), "normalised score when first written, never changes"),
    Column("influencers", pl.List(INFLUENCE), "entities without which the record would not be anomalous, strongest first"),
    _INTERIM,
)

BUCKETS: Final = (
    *_BUCKET_KEY,
    Column("anomaly_score", pl.Float64(), "normalised score of the whole bucket, may be renormalised later"),
    Column("initial_anomaly_score", pl.Float64(), "normalised score when first written, never changes"),
    *_RAW,
    Column("max_record_score", pl.Float64(), "highest record_score in the bucket, 0 without records"),
    Column("record_count", pl.Int64(), "records written for this bucket"),
    Column("event_count", pl.Int64(), "input rows in this bucket (summed counts for summarised input)"),
    Column("processing_time_ms", pl.Int64(), "time spent on the bucket's share of the rows, ms; 0 when nobody measured it"),
    Column("episode_start", pl.Int64(), "start of the episode this bucket belongs to, epoch ms; null when quiet"),
    Column("is_news", pl.Boolean(), "true when the bucket is the first of its episode to reach 50, or 75: an alert"),
    _INTERIM,
)

BUCKET_INFLUENCERS: Final = (
    *_BUCKET_KEY,
    Column("influencer_field_name", pl.String(), "the influencer field, or bucket_time for the bucket itself"),
    Column("anomaly_score", pl.Float64(), "normalised score, may be renormalised later"),
    Column("initial_anomaly_score", pl.Float64(), "normalised score when first written, never changes"),
    *_RAW,
    _INTERIM,
)

INFLUENCERS: Final = (
    *_BUCKET_KEY,
    Column("influencer_field_name", pl.String(), "the influencer field"),
    Column("influencer_field_value", pl.String(), "the entity to blame"),
    Column("influencer_score", pl.Float64(), "normalised score, may be renormalised later"),
    Column("initial_influencer_score", pl.Float64(), "normalised score when first written, never changes"),
    *_RAW,
    _INTERIM,
)

MODE: Final = pl.Struct({"likelihood": pl.Float64(), "values": pl.List(pl.Float64())})

FOREST_RESULTS: Final = (
    *_BUCKET_KEY,
    Column("seq", pl.Int32(), "position among the entities of its bucket, from 0 in the order of appearance"),
    *(column for column in _SPLITS if not column.name.startswith("over")),
    Column(
        "anomaly_score",
        pl.Float64(),
        "how soon random cuts part the point, as it came, from all others; 0 while too little is known",
    ),
    Column(
        "anomaly_grade",
        pl.Float64(),
        "0 for no anomaly, else up to 1 by how far the score without what was told before is above the threshold",
    ),
    Column("confidence", pl.Float64(), "how much of what can be remembered is known, 0 to 1"),
    Column("threshold", pl.Float64(), "the score from which on a point is an anomaly"),
    Column("severity", pl.Float64(), "the grade as a score from 0 to 100, to be compared with records of other jobs"),
    Column("late", pl.Int64(), "how many buckets before this one the values lie that are to blame; 0 is this one"),
    Column("feature_data", pl.List(pl.Float64()), "the values, in the order of the features; null for one that is missing"),
    Column("feature_imputed", pl.List(pl.Boolean()), "whether each was missing, and another value was taken for it"),
    Column("relevant_attribution", pl.List(pl.Float64()), "shares in the blame, which sum up to 1; null where the grade is 0"),
    Column(
        "expected_values",
        pl.List(MODE),
        "what would have been usual instead, the likeliest first, with likelihoods that sum up to 1; null where the grade is 0",
    ),
    Column("past_values", pl.List(pl.Float64()), "the values that are to blame where they lie in an earlier bucket; else null"),
    _INTERIM,
)

QUANTILES: Final = (
    Column("timestamp", pl.Int64(), "from when on they hold, epoch ms: the end of a UTC day, or of a longer bucket"),
    Column(
        "kind", pl.String(), "bucket, detector:N, record:N (N counts measures), influencer:FIELD or bucket_influencer:FIELD"
    ),
    Column("days", pl.Float64(), "decayed number of days with any result of the kind"),
    Column("entity_days", pl.Float64(), "decayed number of entities (series, influencers; else 1) in them"),
    Column("cells", pl.Float64(), "decayed number of results of the kind, quiet ones too"),
    Column(
        "counts",
        pl.List(pl.Float64()),
        "decayed number of entity days beyond each surprise: 3 nats, then 16 % more",
    ),
    Column("moved", pl.Boolean(), "current scores of the kind were renormalised by these quantiles"),
)

OVERALL_BUCKETS: Final = (
    *_BUCKET_KEY,
    Column("overall_score", pl.Float64(), "average of the highest scores among the jobs, in the worst part of the bucket"),
    Column("is_interim", pl.Boolean(), "true while one of the jobs' buckets in it is still open"),
    Column(
        "jobs",
        pl.List(pl.Struct({"job_id": pl.String(), "max_anomaly_score": pl.Float64()})),
        "the jobs with a bucket in it, by id, each with its highest anomaly_score",
    ),
)

ANNOTATIONS: Final = (
    *_BUCKET_KEY,
    Column("detector_index", pl.Int32(), "position of the detector in the job, from 0"),
    Column("function_description", pl.String(), "what the function measures: count, mean, sum, ..."),
    Column("field_name", pl.String(), "the field the function reads; null for counts"),
    *_SPLITS,
    Column(
        "kind",
        pl.String(),
        "what changed: level, scale, trend, amplitude, time_shift, season_found, season_dropped, or silence (no value); "
        "more may come",
    ),
    Column(
        "before",
        pl.Float64(),
        "what the model believed before: the level or the spread in the unit of the values, half the pattern's swing in it, "
        "the slope in it a day, the shift or the period in ms, the buckets that were not judged",
    ),
    Column("after", pl.Float64(), "the same from then on; a slope of 0 is steady, a period of 0 is none"),
    Column("text", pl.String(), "the change as a sentence"),
)

MEMBER: Final = pl.Struct(
    {
        "detector_index": pl.Int32(),
        "function": pl.String(),
        "function_description": pl.String(),
        "field_name": pl.String(),
        **{column.name: column.dtype for column in _SPLITS},
        "onset": pl.Int64(),
        "end": pl.Int64(),
        "score": pl.Float64(),
        "records": pl.Int64(),
        "peak_time": pl.Int64(),
        **dict.fromkeys(("actual", "typical", "lower_bound", "upper_bound"), pl.Float64()),
    }
)
"""A series in an incident; `peak_time` and what follows are those of its worst record, against what was normal before."""

SHARED: Final = pl.Struct({"field_name": pl.String(), "field_value": pl.String(), "members": pl.Int64()})

INCIDENTS: Final = (
    Column("incident_id", pl.String(), "name of the incident; it stays while the incident grows"),
    Column("start", pl.Int64(), "start of its first anomalous bucket, epoch ms"),
    Column("peak_time", pl.Int64(), "start of the bucket with its worst record, epoch ms"),
    Column("end", pl.Int64(), "end of its last anomalous bucket, epoch ms"),
    Column("score", pl.Float64(), "highest record_score in it"),
    Column("records", pl.Int64(), "records in it"),
    Column("series", pl.Int64(), "series in it"),
    Column("members", pl.List(MEMBER), "the series, what is likely the cause first: a hint, no more"),
    Column(
        "entities", pl.List(SHARED), "what two members or more have in common, or what the only one has; most members first"
    ),
    Column("summary", pl.String(), "the incident in one line"),
    Column("is_whole", pl.Boolean(), "false when results from before its first bucket have expired: it may have begun earlier"),
)

DESCRIPTIONS: Final = (
    Column("detector_index", pl.Int32(), "position of the detector in the job, from 0"),
    Column("function_description", pl.String(), "what is measured: count, mean, sum, ...; `metric` has mean, min and max"),
    Column("field_name", pl.String(), "the field the function reads; null for counts"),
    *_SPLITS,
    Column("values", pl.Int64(), "bucket values seen"),
    Column("first_timestamp", pl.Int64(), "start of the first bucket with one, epoch ms; null before it"),
    Column("last_timestamp", pl.Int64(), "start of the last bucket with one, epoch ms"),
    Column("level", pl.Float64(), "where the level is now that values are expected at, without the pattern"),
    Column("deviation", pl.Float64(), "standard deviation of values around what is expected of them"),
    Column(
        "season", pl.String(), "none, day, workdays (weekends are different days), week, or free: a period found in the data"
    ),
    Column("period_ms", pl.Int64(), "length of the pattern; 0 without one"),
    Column("shift_ms", pl.Int64(), "by how much the pattern has moved against the clock"),
    Column("follows", pl.String(), "what the series keeps to, in words"),
    Column("trend", pl.Float64(), "by how much the level rises a day"),
    Column("trend_certainty", pl.Float64(), "how sure the model is that there is one, 0 to 1"),
    Column("memory", pl.Float64(), "share of a distance from what is expected that is left a bucket later"),
    Column("family", pl.String(), "shape of the scatter"),
    Column("certainty", pl.Float64(), "how sure the model is of that shape, 0 to 1"),
    Column("occupancy", pl.Float64(), "share of values that are not 0"),
    Column("repeats", pl.Float64(), "share of values equal to the usual one"),
    Column("severity", pl.Float64(), "how far values lately were from what was expected of them, in deviations; 0 is quiet"),
    Column(
        "incident_since", pl.Int64(), "start of the first bucket of the incident that is going on, epoch ms; null without one"
    ),
    Column("former_level", pl.Float64(), "the level before the last change, where a return to it is no anomaly yet; else null"),
    Column("changed", pl.Int64(), "start of the bucket of the last accepted change, epoch ms; null without one"),
    Column("change", pl.String(), "its kind, as in annotations"),
    Column("text", pl.String(), "all of it to read"),
)

_MEASURED: Final = (
    Column("detector_index", pl.Int32(), "position of the detector in the job, from 0"),
    Column("function_description", pl.String(), "what is measured: count, mean, sum, ...; `metric` has mean, min and max"),
    Column("field_name", pl.String(), "the field the function reads; null for counts"),
    *_SPLITS,
)

FORECASTS: Final = (
    *_BUCKET_KEY,
    *_MEASURED,
    Column("forecast_lower", pl.Float64(), "lower bound: the forecast's percentile of values is to lie between the bounds"),
    Column("forecast_prediction", pl.Float64(), "the value that is expected"),
    Column("forecast_upper", pl.Float64(), "upper bound"),
    Column("forecast_level", pl.Float64(), "the expected value without the repeating pattern"),
)

CROSSINGS: Final = (
    *_MEASURED,
    Column("direction", pl.String(), "rises (the series is below the value as the forecast begins) or falls"),
    Column("predicted", pl.Int64(), "start of the first bucket in which the prediction reaches the value, epoch ms; or null"),
    Column("earliest", pl.Int64(), "the same of the bound on the value's side: it is unlikely to be reached before"),
    Column("latest", pl.Int64(), "the same of the other bound: it is unlikely not to have been reached by then"),
)

_SERIES: Final = (
    Column("timestamp", pl.Int64(), "start of the bucket, epoch ms"),
    Column("detector_index", pl.Int32(), "position of the detector in the job, from 0"),
    Column("function_description", pl.String(), "what is measured: count, mean, sum, ...; `metric` has mean, min and max"),
    *(
        Column(name, pl.String(), f"{role} value of the series; null when the detector has none")
        for name, role in zip(SPLIT_VALUES, SERIES_ROLES, strict=True)
    ),
)

BUCKET_VALUES: Final = (
    *_SERIES,
    Column("series", pl.Int32(), "number of the series within its detector, from 0 in the order of appearance"),
    Column(
        "actual",
        pl.Float64(),
        "the bucket value; a bucket without data has no row, nor has an empty one whose value the function makes zero",
    ),
    Column("weight", pl.Float64(), "rows behind the value (summed counts for summarised input)"),
    Column("mean", pl.Float64(), "of a variance, the mean of the values behind it; null for other functions"),
    Column("typical", pl.Float64(), "the model's centre for this bucket; null when bounds are off"),
    Column("lower_bound", pl.Float64(), "lower end of the configured interval; null when bounds are off"),
    Column("upper_bound", pl.Float64(), "upper end of the configured interval; null when bounds are off"),
    Column("log_probability", pl.Float64(), "natural logarithm of the bucket value's probability"),
)

INFLUENCER_SHARES: Final = (
    *_SERIES,
    Column("influencer_field_name", pl.String(), "the influencer field"),
    Column("influencer_field_value", pl.String(), "the entity"),
    Column("value", pl.Float64(), "what the function yields for this entity's rows alone"),
    Column("weight", pl.Float64(), "rows of this entity in the series' bucket (summed counts for summarised input)"),
    Column("mean", pl.Float64(), "mean of this entity's values; null for counts"),
    Column("m2", pl.Float64(), "sum of squared deviations from that mean; null for counts"),
    Column("without", pl.Float64(), "of a median, distinct count or information, the value without these rows; else null"),
    Column("without_higher", pl.Float64(), "... and without those that raise it more; null for one that does not raise it"),
    Column("without_lower", pl.Float64(), "... or without those that lower it more; null for one that does not lower it"),
)


def polars_schema(columns: tuple[Column, ...]) -> pl.Schema:
    """The Polars schema of a result table."""
    return pl.Schema({column.name: column.dtype for column in columns})


@cache
def empty(columns: tuple[Column, ...]) -> pl.DataFrame:
    """A result table without rows. Made once a table: most calls of a live engine finish nothing."""
    return pl.DataFrame(schema=polars_schema(columns))


_CODED: Final = SERIES_KEY[1:]  # all that are text

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


def coded(values: Frame) -> Frame:
    """Bucket values with their names as categories: so they are on the way to the history, and in its files.

    A few texts come back in millions of rows, and are gathered and written twice as fast as numbers. Whoever reads bucket
    values gets text.
    """
    return values.with_columns(pl.col(_CODED).cast(pl.Categorical()))


def uncoded(values: pl.DataFrame) -> pl.DataFrame:
    """The same with their names as text, as `BUCKET_VALUES` says."""
    return values.with_columns(pl.col(_CODED).cast(pl.String()))
