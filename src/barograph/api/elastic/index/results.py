"""Results of jobs as documents of the index: `.ml-anomalies-*` is searched as any other index.

Documents that clients have written there themselves lie in an index of that name; those of the jobs lie in one beside it, and
are brought up to date when somebody asks after the job has committed something: the parts of time whose results have changed.
"""

import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import orjson
import polars as pl

from barograph.api.elastic import documents as shapes
from barograph.api.elastic.counts import data_counts
from barograph.api.elastic.result_names import alias_of, index_of
from barograph.api.elastic.snapshots import snapshot_document
from barograph.api.elastic.stats import categorizer_stats, size_stats
from barograph.config.job import Job
from barograph.index.documents import Documents
from barograph.index.write import Operation
from barograph.jobs.annotations import ANNOTATIONS, ensure_annotations
from barograph.jobs.service import Marks, Query, Service
from barograph.results.causes import with_causes

STATE: Final = ".ml-state-000001"
STATE_WRITE: Final = ".ml-state-write"
_BESIDE: Final = ".barograph-of-"
_PART_BUCKETS: Final = 100
"""Buckets of a part of time, which is made anew as a whole. Chosen: little for a live job, few parts for an old one."""
_MOST_PARTS: Final = 50
"""Parts that are read at once; bounds memory."""
_OF_BUCKETS: Final = ("bucket", "record", "influencer")
_FORECASTS: Final = ("model_forecast", "model_forecast_request_stats")
_BATCH: Final = 10_000
_DATES: Final = (
    *(
        "timestamp",
        "end_timestamp",
        "create_time",
        "log_time",
        "last_data_time",
        "latest_record_time_stamp",
        "latest_result_time_stamp",
    ),
    *("earliest_record_timestamp", "latest_record_timestamp", "latest_bucket_timestamp", "latest_empty_bucket_timestamp"),
    *(f"forecast_{name}_timestamp" for name in ("create", "start", "end", "expiry")),
)
_KEYWORDS: Final = (
    *("job_id", "result_type", "snapshot_id", "forecast_id", "function", "function_description", "field_name"),
    *(f"{role}_field_{part}" for role in ("partition", "by", "over", "influencer") for part in ("name", "value")),
)
_DOUBLES: Final = (
    *("actual", "typical", "probability", "record_score", "initial_record_score", "anomaly_score", "initial_anomaly_score"),
    *("influencer_score", "initial_influencer_score"),
)

MAPPINGS: Final = {
    "_meta": {"version": "9.1.0"},
    "dynamic_templates": [{"strings": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}}],
    "properties": {
        **{name: {"type": "date"} for name in _DATES},
        **{name: {"type": "keyword"} for name in _KEYWORDS},
        **{name: {"type": "double"} for name in _DOUBLES},
        **{name: {"type": "long"} for name in ("bucket_span", "event_count", "detector_index")},
        "is_interim": {"type": "boolean"},
    },
}
"""Of what a watch sorts by and asks for, too, so that it is no error where no result has it yet."""


@dataclass(frozen=True)
class _Shown:
    """Of which results of a job the documents are.

    Attributes:
        index: where they are.
        version: that of the job.
        made: when the job was created, and when its results were last made anew.
        parts: what tells that the results of a part of time are those.
        forecasts: the forecasts.
    """

    index: str
    version: tuple[int, int]
    made: tuple[int, int | None] = (0, None)
    parts: Mapping[int, Marks] = field(default_factory=dict)
    forecasts: tuple[str, ...] = ()


@dataclass
class Results:
    """The results of the jobs of a service, as documents of an index. Any thread may call.

    Attributes:
        service: the jobs.
        documents: the index.
        seen: what is shown of each job.
        made: the names beside which documents of jobs were made here.
    """

    service: Service
    documents: Documents
    seen: dict[str, _Shown] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def bring_up_to_date(self) -> None:
        """Make anew what has changed since the last time."""
        with self.lock:
            jobs = {summary.job.job_id: summary.job for summary in self.service.jobs()}
            for job_id in self.seen.keys() - jobs.keys():
                self._forget(job_id, self.seen.pop(job_id).index)
            self._notice_deleted()
            for job_id, job in jobs.items():
                now = _Shown(index_of(job), self.service.version(job_id), forecasts=self._forecasts(job_id))
                shown = self.seen.get(job_id)
                if shown is None or (shown.index, shown.version, shown.forecasts) != (now.index, now.version, now.forecasts):
                    self._show(job, now, shown)

    def _notice_deleted(self) -> None:
        """Have the jobs shown anew of whose documents somebody has deleted an index."""
        gone = {name for name in self.made if _beside(name) not in self.documents.catalog.indices}
        self.made -= gone
        for job_id, shown in list(self.seen.items()):
            if gone.intersection((shown.index, STATE, ANNOTATIONS)):
                del self.seen[job_id]

    def _forecasts(self, job_id: str) -> tuple[str, ...]:
        """The forecasts of a job. They come and go without a commit."""
        return tuple(one.forecast_id for one in self.service.forecasts(job_id))

    def _show(self, job: Job, now: _Shown, shown: _Shown | None) -> None:
        """Make the documents of a job those of now."""
        index, version, forecasts = now.index, now.version, now.forecasts
        job_id, summary = job.job_id, self.service.summary(job.job_id)
        for name in (index, STATE):
            self._ensure(name)
        self._name(job_id, index, is_new=shown is None)
        if _beside(ANNOTATIONS) in self.documents.catalog.indices:
            self._ensure(ANNOTATIONS)
        made = (summary.create_time, summary.replay_time)
        if shown is None or (shown.index, shown.made) != (index, made):
            self._remove(index, job_id)
            self._remove(ANNOTATIONS, job_id)
            shown = _Shown(index, version, made)
        part_ms = _PART_BUCKETS * job.bucket_span_ms
        parts = self.service.parts(job_id, part_ms)
        changed = [start for start in parts.keys() | shown.parts.keys() if parts.get(start) != shown.parts.get(start)]
        for start, end in _spans(changed, part_ms):
            if shown.parts:
                self._remove(index, job_id, {"terms": {"result_type": [*_OF_BUCKETS]}}, _within(start, end))
                self._remove(ANNOTATIONS, job_id, _within(start, end))
            query = Query(start_ms=start, end_ms=end, exclude_interim=False)
            self._write(index, _results(self.service, job_id, query))
            self._annotate(job_id, query)
        if forecasts != shown.forecasts:
            self._remove(index, job_id, {"terms": {"result_type": [*_FORECASTS]}})
            self._write(index, _forecasts(self.service, job_id))
        others = {"bool": {"must_not": [{"terms": {"result_type": [*_OF_BUCKETS, *_FORECASTS]}}]}}
        self._remove(index, job_id, others)
        self._write(index, _heads(self.service, job))
        self._remove(STATE, job_id)
        self._write(STATE, _states(self.service, job_id))
        self.seen[job_id] = _Shown(index, version, made, parts, forecasts)

    def _annotate(self, job_id: str, query: Query) -> None:
        """Add the notes of what changed in a job's models in a span of time."""
        notes = self.service.annotations(job_id, query).rows
        if len(notes):
            self._ensure(ANNOTATIONS)
            self._write(ANNOTATIONS, _annotations(job_id, notes, self.service.now_ms()))

    def _name(self, job_id: str, index: str, *, is_new: bool) -> None:
        """Give the results of a job the names that clients search; they may have moved one since."""
        aliases = self.documents.catalog.aliases
        wanted = {alias_of(job_id): {"filter": {"term": {"job_id": job_id}}}, f".ml-anomalies-.write-{job_id}": {}}
        missing = [name for name in wanted if is_new and name not in aliases]
        self.documents.change_aliases([("add", index, name, wanted[name]) for name in missing])

    def _remove(self, index: str, job_id: str, *queries: Mapping[str, Any]) -> None:
        query = {"bool": {"filter": [{"term": {"job_id": job_id}}, *queries]}}
        if _beside(index) in self.documents.catalog.indices:
            self.documents.delete_beside(_beside(index), query)

    def _write(self, index: str, made: Iterator[tuple[str, Mapping[str, Any]]]) -> None:
        while part := list(islice(made, _BATCH)):
            operations = [Operation("index", _beside(index), key, orjson.dumps(document)) for key, document in part]
            self.documents.bulk(operations)

    def _ensure(self, name: str) -> None:
        catalog = self.documents.catalog
        if name == ANNOTATIONS:
            ensure_annotations(self.documents)
        elif name not in catalog.indices:
            aliases: dict[str, Any] = {STATE_WRITE: {}} if name == STATE else {}
            self.documents.create_index(name, {"mappings": MAPPINGS, "aliases": aliases})
        beside = _beside(name)
        if beside not in catalog.indices or name not in self.made:  # what an earlier process left there may be out of date
            self.documents.create_beside(beside, name)
        self.made.add(name)

    def _forget(self, job_id: str, index: str) -> None:
        catalog = self.documents.catalog
        for name in (index, STATE, ANNOTATIONS):
            self._remove(name, job_id)
        names = (alias_of(job_id), f".ml-anomalies-.write-{job_id}")
        gone = [(name, alias) for alias in names for name in catalog.aliases.get(alias, {})]
        self.documents.change_aliases([("remove", name, alias, {}) for name, alias in gone])


def _beside(name: str) -> str:
    """The index beside that of a name: there lies what the jobs have found."""
    return _BESIDE + name[1:]


def _within(start_ms: int, end_ms: int) -> dict[str, Any]:
    return {"range": {"timestamp": {"gte": start_ms, "lt": end_ms, "format": "epoch_millis"}}}


def _spans(starts: Iterable[int], part_ms: int) -> Iterator[tuple[int, int]]:
    """Parts of time as spans, those that follow one another together."""
    first = last = None
    for start in sorted(starts):
        if first is None or last is None or start != last + part_ms or start - first >= _MOST_PARTS * part_ms:
            if first is not None and last is not None:
                yield first, last + part_ms
            first = start
        last = start
    if first is not None and last is not None:
        yield first, last + part_ms


def _heads(service: Service, job: Job) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What there is of a job but its results: counts, snapshots, sizes; with ids."""
    job_id = job.job_id
    summary = service.summary(job_id)
    if summary.counts is not None:
        yield f"{job_id}_data_counts", data_counts(job_id, summary.counts, summary.data_time)
    snapshots = service.snapshots(job_id)
    for snapshot in snapshots:
        yield f"{job_id}_model_snapshot_{snapshot.snapshot_id}", snapshot_document(service, job_id, snapshot)
    if snapshots:
        time_ms, categories = snapshots[-1].latest_record_timestamp or 0, service.categories(job_id)
        fits = categories.stats
        stats = size_stats(job, snapshots[-1], service.split_counts(job_id), time_ms) | categorizer_stats(fits)
        yield f"{job_id}_model_size_stats", stats
        for at, one in enumerate(fits):
            yield f"{job_id}_categorizer_stats_{at}", shapes.categorizer_stats(job_id, one, time_ms)
        for category in categories.definitions:
            yield f"{job_id}_category_definition_{category.category_id}", shapes.category(job_id, category)


def _results(service: Service, job_id: str, query: Query) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The results of a span of time, with their ids."""
    buckets, inside = service.buckets(job_id, query).rows, service.bucket_influencers(job_id, query).rows
    for document in shapes.buckets(job_id, buckets, inside):
        yield f"{job_id}_bucket_{document['timestamp']}_{document['bucket_span']}", document
    records = service.records(job_id, query).rows
    for document in shapes.documents(job_id, with_causes(records, records), shapes.record):
        yield _id("record", document, "detector_index", *_SPLIT_VALUES), document
    for document in shapes.documents(job_id, service.influencers(job_id, query).rows, shapes.influencer):
        yield _id("influencer", document, "influencer_field_name", "influencer_field_value"), document


_SPLIT_VALUES: Final = ("partition_field_value", "over_field_value", "by_field_value")


def _id(kind: str, document: Mapping[str, Any], *names: str) -> str:
    """An id that is the same each time, and of no other result."""
    text = "\0".join(str(document.get(name, "")) for name in names)
    head = f"{document['job_id']}_{kind}_{document['timestamp']}_{document['bucket_span']}"
    return f"{head}_{document.get('detector_index', 0)}_{zlib.crc32(text.encode())}_{len(text)}"


def _annotations(job_id: str, notes: pl.DataFrame, now_ms: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What changed in a job's models, as notes that nobody has written."""
    written = {
        f"{what}_{name}": value for what in ("create", "modified") for name, value in (("time", now_ms), ("username", "_xpack"))
    }
    for at, document in enumerate(shapes.documents(job_id, notes, shapes.annotation)):
        yield f"{_id('annotation', document, 'kind', *_SPLIT_VALUES)}_{at}", {**document, **written}


def _forecasts(service: Service, job_id: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for saved in service.forecasts(job_id):
        yield f"{job_id}_model_forecast_request_stats_{saved.forecast_id}", shapes.forecast_stats(job_id, saved)
        rows: pl.DataFrame = service.kept_forecast(job_id, saved.forecast_id)[1]
        named = rows.with_columns(pl.lit(saved.forecast_id).alias("forecast_id"))
        for at, document in enumerate(shapes.documents(job_id, named, shapes.forecast)):
            yield f"{job_id}_model_forecast_{saved.forecast_id}_{at}", document


def _states(service: Service, job_id: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What stands for the saved models: there is a document, the models themselves are files."""
    snapshots = service.snapshots(job_id)
    for snapshot in snapshots:
        yield f"{job_id}_model_state_{snapshot.snapshot_id}#1", {"job_id": job_id, "model_bytes": snapshot.bytes}
    if snapshots:
        yield f"{job_id}_quantiles", {"job_id": job_id}
