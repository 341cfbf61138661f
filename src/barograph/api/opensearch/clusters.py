"""What several detectors have found at a time, as one document: anomalies of one series that follow each other are one
event, and events that go on at the same time are a cluster."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from barograph.results.labels import counted

_SHARED: Final = 0.5
"""Of the shorter of two events: if so much of it is also the other's time, they are of one cluster. Chosen: events of which
one ends while the next begins do not become a chain. One that lasts for days has all shorter ones of its days with it."""


@dataclass(frozen=True)
class Anomaly:
    """An anomaly of one series.

    Attributes:
        model_id: its model.
        detector_id: its detector.
        entity: what the series is of, in words; empty for that of a whole detector.
        start_ms: epoch ms, inclusive.
        end_ms: epoch ms, exclusive.
    """

    model_id: str
    detector_id: str
    entity: str
    start_ms: int
    end_ms: int

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> "Anomaly":
        """That of a result of real time."""
        entity = ", ".join(f"{one['name']}={one['value']}" for one in result.get("entity", ()))
        head = (result["model_id"], result["detector_id"], entity)
        return cls(*head, result["data_start_time"], result["data_end_time"])


Span = tuple[int, int]


def insight(
    anomalies: Sequence[Anomaly], detectors: Mapping[str, Mapping[str, Any]], window: Span, now_ms: int
) -> dict[str, Any]:
    """The document of a look.

    Args:
        anomalies: what was found.
        detectors: their documents, by id, of those that are still there.
        window: the time that was looked at, epoch ms.
        now_ms: when.
    """
    clusters = [_told(cluster, detectors) for cluster in clusters_of(anomalies)]
    names = ("detector_names", "detector_ids", "indices", "model_ids")
    every = {name: _distinct(value for one in clusters for value in one[name]) for name in names}
    return {
        "window_start": window[0],
        "window_end": window[1],
        "generated_at": now_ms,
        **{f"doc_{name}": every[name] for name in names},
        "clusters": clusters,
        "stats": {
            "num_clusters": len(clusters),
            "num_anomalies": len(anomalies),
            "num_detectors": len(every["detector_ids"]),
            "num_indices": len(every["indices"]),
            "num_series": len(every["model_ids"]),
        },
    }


def clusters_of(anomalies: Iterable[Anomaly]) -> list[list[Anomaly]]:
    """The anomalies that belong together, by time; each cluster in the order of its times."""
    by_span: dict[Span, list[Anomaly]] = {}
    for event in _events(anomalies):
        by_span.setdefault((event[0].start_ms, event[-1].end_ms), []).extend(event)
    spans = sorted(by_span)
    clusters: dict[int, list[Anomaly]] = {}
    for span, label in zip(spans, _labels(spans), strict=True):
        clusters.setdefault(label, []).extend(by_span[span])
    return sorted((sorted(cluster, key=_order) for cluster in clusters.values()), key=lambda cluster: _order(cluster[0]))


def _labels(spans: Sequence[Span]) -> list[int]:
    """The number of the cluster of each span; they are sorted by their starts."""
    labels = list(range(len(spans)))
    going_on: list[int] = []
    for here, span in enumerate(spans):
        going_on = [one for one in going_on if spans[one][1] > span[0]]
        near = {labels[one] for one in going_on if _are_together(spans[one], span)}
        if near:
            labels = [here if label in near else label for label in labels]
        going_on.append(here)
    return labels


def _order(one: Anomaly) -> tuple[int, int, str]:
    return one.start_ms, one.end_ms, one.model_id


def _events(anomalies: Iterable[Anomaly]) -> list[list[Anomaly]]:
    """Anomalies of one series without a gap."""
    events: list[list[Anomaly]] = []
    for one in sorted(anomalies, key=lambda one: (one.model_id, one.start_ms)):
        if events and events[-1][-1].model_id == one.model_id and events[-1][-1].end_ms >= one.start_ms:
            events[-1].append(one)
        else:
            events.append([one])
    return events


def _are_together(one: Span, other: Span) -> bool:
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared >= _SHARED * min(one[1] - one[0], other[1] - other[0])


def _told(cluster: Sequence[Anomaly], detectors: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    ids = _distinct(one.detector_id for one in cluster)
    known = [detectors[one] for one in ids if one in detectors]
    start, end = cluster[0].start_ms, max(one.end_ms for one in cluster)
    names = _distinct(str(one["name"]) for one in known)
    models = _distinct(one.model_id for one in cluster)
    return {
        "event_start": start,
        "event_end": end,
        "cluster_text": _text(names or ids, models, cluster, (start, end)),
        "detector_ids": ids,
        "detector_names": names,
        "indices": _distinct(index for one in known for index in one["indices"]),
        "entities": _distinct(one.entity for one in cluster if one.entity),
        "model_ids": models,
        "num_anomalies": len(cluster),
        "anomalies": [
            {
                "model_id": one.model_id,
                "detector_id": one.detector_id,
                "data_start_time": one.start_ms,
                "data_end_time": one.end_ms,
            }
            for one in cluster
        ],
    }


def _text(names: Sequence[str], models: Sequence[str], cluster: Sequence[Anomaly], span: Span) -> str:
    first, last = (f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M}" for at in span)
    what = f"{counted(len(cluster), 'anomaly', 'anomalies')} of {counted(len(models), 'series', 'series')}"
    return f"{what} of {', '.join(names)}, {first} to {last} (UTC)"


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted(set(values))
