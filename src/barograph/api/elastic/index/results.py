"""Results of jobs as documents of the index: `.ml-anomalies-*` is searched as any other index.

Documents that clients have written there themselves lie in an index of that name; those of the jobs lie in one beside it, and
are made anew when somebody asks after the job has committed something.
"""

import threading
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import orjson
import polars as pl

from barograph.api.elastic import documents as shapes
from barograph.api.elastic.counts import data_counts
from barograph.api.elastic.result_names import alias_of, index_of
from barograph.api.elastic.snapshots import snapshot_document
from barograph.api.elastic.stats import size_stats
from barograph.config.job import Job
from barograph.index.documents import Documents
from barograph.index.write import Operation
from barograph.jobs.service import Query, Service

STATE: Final = ".ml-state-000001"
STATE_WRITE: Final = ".ml-state-write"
_BESIDE: Final = ".barograph-of-"
_EVERYTHING: Final = Query(exclude_interim=False)
_BATCH: Final = 10_000
_DATES: Final = (
    *("timestamp", "end_timestamp", "create_time", "log_time", "latest_record_time_stamp", "latest_result_time_stamp"),
    *("earliest_record_timestamp", "latest_record_timestamp", "latest_bucket_timestamp", "latest_empty_bucket_timestamp"),
)
MAPPINGS: Final = {
    "_meta": {"version": "9.1.0"},
    "dynamic_templates": [{"strings": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}}],
    "properties": {
        **{name: {"type": "date"} for name in _DATES},
        **{name: {"type": "keyword"} for name in ("job_id", "result_type", "snapshot_id", "forecast_id")},
        **{name: {"type": "double"} for name in ("actual", "typical", "probability", "record_score", "initial_record_score")},
    },
}


@dataclass
class Results:
    """The results of the jobs of a service, as documents of an index. Any thread may call.

    Attributes:
        service: the jobs.
        documents: the index.
        seen: the version of each job of which the documents are, with its index.
    """

    service: Service
    documents: Documents
    seen: dict[str, tuple[str, tuple[int, int]]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def bring_up_to_date(self) -> None:
        """Make anew what has changed since the last time."""
        with self.lock:
            jobs = {summary.job.job_id: summary.job for summary in self.service.jobs()}
            for job_id in self.seen.keys() - jobs.keys():
                self._forget(job_id, self.seen.pop(job_id)[0])
            for job_id, job in jobs.items():
                index, version = index_of(job), self.service.version(job_id)
                if self.seen.get(job_id) != (index, version):
                    self._make(job, index)
                    self.seen[job_id] = (index, version)

    def _make(self, job: Job, index: str) -> None:
        new = job.job_id not in self.seen
        for name in (index, STATE):
            self._ensure(name)
        aliases = self.documents.catalog.aliases
        only = {"filter": {"term": {"job_id": job.job_id}}}
        wanted = {alias_of(job.job_id): only, f".ml-anomalies-.write-{job.job_id}": {}}
        missing = [name for name in wanted if new and name not in aliases]  # clients may have moved one since
        self.documents.change_aliases([("add", index, name, wanted[name]) for name in missing])
        for name in (index, STATE):
            self.documents.delete_beside(_BESIDE + name[1:], {"term": {"job_id": job.job_id}})
        for name, made in ((index, _documents(self.service, job)), (STATE, _states(self.service, job.job_id))):
            while part := list(islice(made, _BATCH)):
                operations = [Operation("index", _BESIDE + name[1:], key, orjson.dumps(document)) for key, document in part]
                self.documents.bulk(operations)

    def _ensure(self, name: str) -> None:
        catalog = self.documents.catalog
        if name not in catalog.indices:
            aliases: dict[str, Any] = {STATE_WRITE: {}} if name == STATE else {}
            self.documents.create_index(name, {"mappings": MAPPINGS, "aliases": aliases})
        beside = _BESIDE + name[1:]
        is_known = any(index == name for index, _ in self.seen.values()) or (name == STATE and self.seen)
        if beside not in catalog.indices or not is_known:  # what an earlier process left there may be out of date
            self.documents.create_beside(beside, name)

    def _forget(self, job_id: str, index: str) -> None:
        catalog = self.documents.catalog
        for name in (index, STATE):
            if _BESIDE + name[1:] in catalog.indices:
                self.documents.delete_beside(_BESIDE + name[1:], {"term": {"job_id": job_id}})
        names = (alias_of(job_id), f".ml-anomalies-.write-{job_id}")
        gone = [(name, alias) for alias in names for name in catalog.aliases.get(alias, {})]
        self.documents.change_aliases([("remove", name, alias, {}) for name, alias in gone])


def _documents(service: Service, job: Job) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All documents of a job's results, with their ids."""
    job_id = job.job_id
    summary = service.summary(job_id)
    if summary.counts is not None:
        yield f"{job_id}_data_counts", data_counts(job_id, summary.counts)
    snapshots = service.snapshots(job_id)
    for snapshot in snapshots:
        yield f"{job_id}_model_snapshot_{snapshot.snapshot_id}", snapshot_document(service, job_id, snapshot)
    if snapshots:
        stats = size_stats(job, snapshots[-1], service.split_counts(job_id), snapshots[-1].latest_record_timestamp or 0)
        yield f"{job_id}_model_size_stats", stats
    buckets, inside = service.buckets(job_id, _EVERYTHING).rows, service.bucket_influencers(job_id, _EVERYTHING).rows
    for document in shapes.documents(job_id, shapes.with_bucket_influencers(buckets, inside), shapes.bucket):
        yield f"{job_id}_bucket_{document['timestamp']}_{document['bucket_span']}", document
    for document in shapes.documents(job_id, service.records(job_id, _EVERYTHING).rows, shapes.record):
        yield _id("record", document, "detector_index", *_SPLIT_VALUES), document
    influencers = service.influencers(job_id, _EVERYTHING).rows
    for document in shapes.documents(job_id, influencers, shapes.influencer):
        yield _id("influencer", document, "influencer_field_name", "influencer_field_value"), document
    yield from _forecasts(service, job_id)


_SPLIT_VALUES: Final = ("partition_field_value", "over_field_value", "by_field_value")


def _id(kind: str, document: Mapping[str, Any], *names: str) -> str:
    """An id that is the same each time, and of no other result."""
    text = "\0".join(str(document.get(name, "")) for name in names)
    head = f"{document['job_id']}_{kind}_{document['timestamp']}_{document['bucket_span']}"
    return f"{head}_{document.get('detector_index', 0)}_{zlib.crc32(text.encode())}_{len(text)}"


def _forecasts(service: Service, job_id: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for saved in service.forecasts(job_id):
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
