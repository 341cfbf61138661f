"""Where detectors, their jobs, tasks and results lie: indices of the built-in index, under the names that clients search."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from barograph.api.opensearch.errors import no_index
from barograph.api.opensearch.mappings import ALERT, DETECTOR, INSIGHT, JOB, MONITOR, RESULT, RESULT_UNUSED, TASK
from barograph.index.catalog import Options
from barograph.index.documents import Documents, Stored
from barograph.index.errors import NoSuchIndex
from barograph.index.write import Operation, Outcome

DETECTORS: Final = ".opendistro-anomaly-detectors"
JOBS: Final = ".opendistro-anomaly-detector-jobs"
TASKS: Final = ".opendistro-anomaly-detection-state"
RESULTS: Final = ".opendistro-anomaly-results"
INSIGHTS: Final = "opensearch-ad-plugin-insights"
INSIGHTS_JOB: Final = "ad_insights_job"
OF_DETECTORS: Final[Mapping[str, Any]] = {"bool": {"must_not": {"ids": {"values": [INSIGHTS_JOB]}}}}
"""The jobs that are those of detectors."""
MONITORS: Final = ".opendistro-alerting-config"
ALERTS: Final = ".opendistro-alerting-alerts"
_BATCH: Final = 10_000
_FLAT: Final = "_flattened_"
CUSTOM_PREFIX: Final = "opensearch-ad-plugin-result-"
"""Indices of results that are not in the common one begin with this."""

_MAPPINGS: Final = {DETECTORS: DETECTOR, TASKS: TASK, JOBS: JOB, MONITORS: MONITOR, ALERTS: ALERT}


def is_there(documents: Documents, name: str) -> bool:
    """Whether an index or an alias is called so."""
    return name in documents.catalog.indices or name in documents.catalog.aliases


def write(documents: Documents, name: str, key: str, document: Mapping[str, Any], if_seq: int | None = None) -> Outcome:
    """Write a document of a detector, a job or a task.

    Raises:
        VersionConflict: it is not the one of `if_seq` any more.
    """
    if name not in documents.catalog.indices:
        documents.create_index(name, {"mappings": {"dynamic": "false", "properties": _MAPPINGS[name]}})
    return documents.write(Operation("index", name, key, orjson.dumps(document), if_seq))


def find(documents: Documents, name: str, key: str) -> Stored | None:
    """A document by its id; None where there is none.

    Raises:
        ElasticError: there has never been one of its kind.
    """
    try:
        return documents.get(name, key)
    except NoSuchIndex:
        raise no_index(name) from None


def deleted(name: str, outcome: Outcome) -> dict[str, Any]:
    """What is told of a document that was removed, or was not there."""
    return {
        "_index": name,
        "_id": outcome.id,
        "_version": outcome.version,
        "result": outcome.result,
        "forced_refresh": True,
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "_seq_no": outcome.seq,
        "_primary_term": 1,
    }


def stored(documents: Documents, name: str, key: str) -> Stored | None:
    """A document; None where there is none, or never was one of its kind."""
    return documents.get(name, key) if name in documents.catalog.indices else None


def found(documents: Documents, name: str, key: str) -> dict[str, Any] | None:
    """The source of a document; None as in `stored`."""
    one = stored(documents, name, key)
    return None if one is None else orjson.loads(one.source)


def every(documents: Documents, name: str, *filters: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Documents that these queries are true of, by id, the newest first."""
    if not is_there(documents, name):
        return {}
    body: dict[str, Any] = {"query": {"bool": {"filter": [*filters]}}, "size": _BATCH, "sort": [{"_doc": "desc"}]}
    read: dict[str, dict[str, Any]] = {}
    while True:
        page = documents.search(name, body)
        read |= {hit["_id"]: hit["_source"] for hit in page.hits}
        if len(page.hits) < _BATCH:
            return read
        body["search_after"] = page.last


def results_alias(detector: Mapping[str, Any]) -> str:
    """Where the results of a detector go."""
    return str(detector.get("result_index") or RESULTS)


def flattened_alias(detector: Mapping[str, Any]) -> str | None:
    """Where the flattened copies of results go; None where nobody asked for them."""
    if not detector.get("flatten_custom_result_index") or not detector.get("result_index"):
        return None
    return f"{detector['result_index']}{_FLAT}{detector['name'].lower()}"


def result_aliases(documents: Documents, detector: Mapping[str, Any]) -> set[str]:
    """Where there may be results of a detector, flattened copies too."""
    names = (RESULTS, results_alias(detector), flattened_alias(detector))
    return {name for name in names if name is not None} & documents.catalog.aliases.keys()


def own_results(documents: Documents, names: str) -> list[str]:
    """The indices of results that names mean, with all that begin so; flattened copies only where they are named.

    Args:
        documents: the index.
        names: separated by commas; those of other indices mean none.
    """
    found: list[str] = []
    for part in names.split(","):
        if part.startswith(CUSTOM_PREFIX):
            matching = documents.catalog.names(f"{part.rstrip('*')}*", Options(with_hidden=True))
            found += [name for name in matching if _FLAT in part or _FLAT not in name]
    return list(dict.fromkeys(found))


def ensure_results(documents: Documents, alias: str, *, is_flat: bool = False) -> None:
    """Make the first index of results of this name, if there is none."""
    mappings = {
        "dynamic": "true" if is_flat else "false",
        "properties": {**RESULT, **RESULT_UNUSED},
        "_meta": {"schema_version": 7},
    }
    _ensure(documents, alias, mappings)


def ensure_insights(documents: Documents) -> None:
    """Make the first index of insights, if there is none."""
    _ensure(documents, INSIGHTS, {"dynamic": "false", "properties": INSIGHT})


def _ensure(documents: Documents, alias: str, mappings: Mapping[str, Any]) -> None:
    """Make the first index behind an alias, if there is none."""
    if is_there(documents, alias):
        return
    day = datetime.fromtimestamp(documents.now_ms() / 1000, UTC)
    name = f"{alias}-history-{day:%Y.%m.%d}-1"
    documents.create_index(name, {"mappings": mappings, "aliases": {alias: {"is_write_index": True}}})


def holds_results(documents: Documents, alias: str) -> bool:
    """Whether an index that is there has the fields of results."""
    wanted = {path: part["type"] for path, part in RESULT.items() if "properties" not in part}
    for target in documents.catalog.targets(alias):
        fields = target.index.mapping.fields
        if any(path not in fields or fields[path].type != kind for path, kind in wanted.items()):
            return False
    return True


def write_many(documents: Documents, name: str, made: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write documents, with their ids, to an index or an alias that is there.

    Raises:
        BarographError: one of them could not be written.
    """
    listed = [Operation("index", name, key, orjson.dumps(document)) for key, document in made]
    for at in range(0, len(listed), _BATCH):
        for outcome in documents.bulk(listed[at : at + _BATCH]):
            if outcome.error is not None:
                raise outcome.error
