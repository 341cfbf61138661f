"""What a job would find in rows that are there: tried in a store of its own, of which nothing is left."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from barograph.config.duration import DAY_MS
from barograph.config.errors import BadRequest
from barograph.config.job import Job
from barograph.config.splits import SERIES_ROLES, SPLIT_VALUES
from barograph.config.support import left_out
from barograph.intake import column_of
from barograph.intake.parse_times import parse_times
from barograph.jobs.drafts import advice as misleading
from barograph.jobs.drafts.preview import are_all, first_rows
from barograph.jobs.drafts.suggest import Advice, advice
from barograph.jobs.drafts.uploads import Upload, rows_of
from barograph.jobs.file_checks import joined
from barograph.jobs.knowledge.calendars import Calendar
from barograph.jobs.service import Query, Service
from barograph.jobs.summary import dropped
from barograph.jobs.views.features import entity_at
from barograph.jobs.views.memory import Memory
from barograph.jobs.views.one_series import OneSeries, refusal
from barograph.jobs.views.scatter import SAME, Kind, Scatter, ScatterQuery, kind_of
from barograph.jobs.views.series import SeriesQuery, SeriesValues
from barograph.jobs.views.what_if import Alerts, AlertSettings
from barograph.results.category import CategoryDefinition
from barograph.results.counts import DataCounts
from barograph.results.labels import counted
from barograph.sources.chunk import Chunk

_MOST_VALUES: Final = 3_000_000
"""Bucket values of a trial: about a minute. A job may have as many as it likes; a look may not."""
_SHOWN_SERIES: Final = 50
_PLANNED: Final = "planned"


@dataclass(frozen=True)
class Shown:
    """What of a trial is shown as a chart.

    Attributes:
        detector_index: the detector.
        function: one of its measures; None is the first.
        split_values: of the series, by the columns `SPLIT_VALUES`; None is the series with the worst record.
        points: at most.
        min_score: from which score on a record would be an alert.
    """

    detector_index: int = 0
    function: str | None = None
    split_values: tuple[str | None, ...] | None = None
    points: int = 1500
    min_score: float = 50.0


@dataclass(frozen=True)
class Found:
    """What a job would have found.

    Attributes:
        dropped: rows, by reason.
        buckets: finished.
        series: with a value.
        alerts: those there would have been.
        alerts_a_week: how many that is.
        shown: the series that is charted, by the columns `SPLIT_VALUES`.
        values: its values; None where they are no line.
        refused: why they are none, as a sentence.
        points: of what is no line by itself, the values of all its like; None of what is one.
        others: series that can be shown, those with the worst records first: columns `SPLIT_VALUES`, `record_score`.
        memory: what the models take with these series.
        categories: of its messages, if it has any.
        graded: what its forest found of the entity that is shown, as `schema.FOREST_RESULTS`; None of a job without one.
    """

    dropped: dict[str, int]
    buckets: int
    series: int
    alerts: Alerts
    alerts_a_week: float
    shown: tuple[str | None, ...]
    values: SeriesValues | None
    refused: str | None
    points: Scatter | None
    others: pl.DataFrame
    memory: Memory
    categories: tuple[CategoryDefinition, ...]
    graded: pl.DataFrame | None


@dataclass(frozen=True)
class Trial:
    """A job that was tried.

    Attributes:
        rows: that were read.
        whole: they are all that there are.
        found: what it would have found in them.
        advice: what is to be known of the settings.
        notes: what was noticed of the rows, and what of the settings is not acted on.
    """

    rows: int
    whole: bool
    found: Found
    advice: tuple[Advice, ...]
    notes: tuple[str, ...]


def trial(upload: Upload, job: Job, shown: Shown, knows: Service) -> Trial:
    """Try a job on the first rows of an upload.

    Args:
        upload: the upload.
        job: the job.
        shown: what of it is charted.
        knows: where the filters are that its rules refer to, and the calendars that are for its groups or all jobs.

    Raises:
        ConfigError: this version cannot run the job, or no row is of use to it.
        UnreadableInput: most of the rows cannot be used.
        BadRequest: it would take too long, or finishes no bucket, or the series to show is none of its.
    """
    chunks = list(first_rows(rows_of(upload, job.data_description, job)))
    frame = joined(chunks)
    _refuse_large(job, frame)
    notes: list[str] = []
    plotted = job.model_copy(update={"model_plot_config": job.model_plot_config.model_copy(update={"enabled": True})})
    with tempfile.TemporaryDirectory(prefix="barograph-trial-") as folder, Service.open(None, Path(folder)) as service:
        _teach(service, job, knows)
        _feed(service, plotted, iter(chunks), notes)
        found = _found(service, plotted, shown)
    told = [Advice("", sentence) for sentence in (*misleading.of_settings(job), *misleading.of_rows(job, frame))]
    known = tuple(note for note in notes if note.removeprefix("note: ") not in {one.text for one in told})
    rows = sum(chunk.rows for chunk in chunks)
    return Trial(rows, are_all(chunks), found, (*advice(job, frame), *told), (*known, *left_out(job)))


def _teach(service: Service, job: Job, knows: Service) -> None:
    """Have a service know what another knows of a job: what is planned or filtered would be no alert there, either."""
    for one in knows.filters.all():
        service.filters.create(one.filter_id, one.items, one.description)
    planned = [replace(event, calendar_id=_PLANNED) for _, event in knows.calendars.planned([job], None, None)]
    service.calendars.create(Calendar(_PLANNED, (job.job_id,)))
    service.calendars.add_events(planned)


def _feed(service: Service, job: Job, chunks: Iterator[Chunk], notes: list[str]) -> None:
    service.create(job)
    service.open_job(job.job_id)
    for chunk in service.whole(job.job_id, chunks, notes.append):
        service.feed(job.job_id, chunk)
    service.flush(job.job_id)


def _found(service: Service, job: Job, shown: Shown) -> Found:
    counts = service.summary(job.job_id).counts or DataCounts()
    alerts = service.what_if(job.job_id, AlertSettings(min_score=shown.min_score, days=36_500))
    weeks = max(alerts.end_ms - alerts.start_ms, 1) / (7 * DAY_MS)
    others = _series(service, job, shown.detector_index)
    chosen = shown.split_values or tuple(others.row(0)[: len(SPLIT_VALUES)] if others.height else [None] * len(SPLIT_VALUES))
    detector = job.detectors[shown.detector_index]
    refused, kind = refusal(detector), kind_of(detector)
    query = SeriesQuery(OneSeries(shown.detector_index, shown.function, chosen), most=shown.points)
    known = service.describe(job.job_id, most=1).known
    return Found(
        dropped=dropped(DataCounts(), counts),
        buckets=counts.bucket_count,
        series=known.series,
        alerts=alerts,
        alerts_a_week=alerts.alerts.height / weeks,
        shown=chosen,
        values=service.series(job.job_id, query) if refused is None else None,
        refused=refused,
        points=None if kind is None else service.scatter(job.job_id, _all_of(shown, chosen, kind)),
        others=others,
        memory=service.memory(job.job_id),
        categories=service.categories(job.job_id).definitions,
        graded=None if job.forest_config is None else _graded(service, job, chosen),
    )


def _graded(service: Service, job: Job, chosen: tuple[str | None, ...]) -> pl.DataFrame:
    """What a forest found of one entity, bucket by bucket."""
    asked = Query(entity=entity_at(job, chosen), sort="timestamp", descending=False)
    return service.forest_results(job.job_id, asked).rows


def _all_of(shown: Shown, chosen: tuple[str | None, ...], kind: Kind) -> ScatterQuery:
    """All that is like the series that is shown."""
    same = tuple(value if role in SAME[kind] else None for role, value in zip(SERIES_ROLES, chosen, strict=True))
    return ScatterQuery(shown.detector_index, shown.function, same, most=shown.points)


def _series(service: Service, job: Job, detector_index: int) -> pl.DataFrame:
    """Series of a detector: those with records by their worst, then others that the models know."""
    if not 0 <= detector_index < len(job.detectors):
        raise BadRequest(f"detector={detector_index}: wanted 0 to {len(job.detectors) - 1}")
    # A record of a forest is of the feature that is most to blame; whose it is says its entity.
    mine = pl.lit(True) if job.forest_config is not None else pl.col("detector_index") == detector_index
    records = service.records(job.job_id).rows.filter(mine).group_by(SPLIT_VALUES).agg(pl.col("record_score").max())
    described = service.describe(job.job_id, most=_SHOWN_SERIES).rows.filter(mine).select(SPLIT_VALUES).unique()
    quiet = described.join(records, on=SPLIT_VALUES, how="anti", nulls_equal=True).with_columns(record_score=pl.lit(0.0))
    both = pl.concat([records.select(*SPLIT_VALUES, "record_score"), quiet.select(*SPLIT_VALUES, "record_score")])
    return both.sort(pl.col("record_score"), *SPLIT_VALUES, descending=[True, *[False] * len(SPLIT_VALUES)]).head(_SHOWN_SERIES)


def _refuse_large(job: Job, frame: pl.DataFrame) -> None:
    """Refuse what would take minutes, before it does: most jobs of that size have a slip in them."""
    times = column_of(frame, job.time_field)
    if times is None or not frame.height:
        return
    read = parse_times(times, job)
    first, last = read.min(), read.max()
    if not isinstance(first, int) or not isinstance(last, int):
        return
    buckets = (last - first) // job.bucket_span_ms + 1
    series = 0
    for detector in job.detectors:
        keys = [name for name in detector.splits.values() if name in frame.columns]
        series += frame.select(keys).n_unique() if keys else 1
    if buckets * series > _MOST_VALUES:
        raise BadRequest(
            f"trial: wanted at most {_MOST_VALUES:,} bucket values, which take a minute; {counted(buckets, 'bucket')} of "
            f"{series:,} series can be {buckets * series:,}: a longer bucket_span has fewer; a job may have as many as it likes"
        )
