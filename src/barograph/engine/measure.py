"""One statistic of one detector: bucket values through its series models."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barograph.config.functions import Side
from barograph.config.job import Job
from barograph.models import Judged, ModelConfig, SeriesModel, probability
from barograph.results.snapshot import Arrays
from barograph.scoring.combine import LN_LEAF
from barograph.scoring.leaves import LEAF, Measure

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]


@dataclass(frozen=True)
class Values:
    """The bucket values of one measure in a stretch of T buckets.

    Attributes:
        first_bucket: index of the first bucket.
        value: [S, T] bucket value; NaN is no data, zero a value.
        weight: [S, T] rows behind it (summed counts for summarised input), 0 without any.
        partition: [S] dense id of each series' partition.
    """

    first_bucket: int
    value: Floats
    weight: Floats
    partition: Ids


class MeasureStage:
    """The models of one measure. Series are added as they appear, in the order of their ids."""

    def __init__(self, measure: Measure, position: int, model: SeriesModel) -> None:
        self.measure = measure
        self._position = position
        self._model = model

    @classmethod
    def build(cls, job: Job, position: int, measure: Measure, side: Side, threads: int, state: Arrays | None) -> "MeasureStage":
        """The models of the `position`-th measure of a job, fresh or as `snapshot` left them."""
        spec = job.detectors[measure.detector_index].spec
        config = ModelConfig(
            bucket_span_ms=job.bucket_span_ms,
            time_zone=job.time_zone,
            side=side,
            integer=spec.integer,
            non_negative=spec.integer or measure.statistic == "varp",
            bounds_percentile=job.model_plot_config.bounds_percentile if job.model_plot_config.enabled else None,
            threads=threads,
            siblings=measure.by_field_name is not None or measure.partition_field_name is not None,
            ln_threshold=LN_LEAF,
        )
        return cls(measure, position, SeriesModel.build(config, state))

    @property
    def model(self) -> SeriesModel:
        """The models, to be looked at."""
        return self._model

    def snapshot(self) -> Arrays:
        """What the models remember."""
        return self._model.snapshot()

    def advance(self, values: Values) -> Judged:
        """Judge a stretch of buckets, then learn it."""
        self._model.grow(len(values.value))
        return self._model.advance(values.value, values.first_bucket * self._model.config.bucket_span_ms)

    def leaves(self, values: Values, judged: Judged) -> NDArray[np.void]:
        """The odd leaves of a judged stretch, as the score stage wants them (dtype `scoring.leaves.LEAF`)."""
        # Field by field: the records are wide, and most of their width is the distribution, which few leaves are asked for.
        flagged, chosen = judged.flagged, _chosen(judged)
        series, t = flagged["row"][chosen], flagged["t"][chosen]
        leaves = np.zeros(len(chosen), LEAF)
        for name in ("ln_p", "ln_evidence", "actual", "typical", "lower", "upper", "impact"):
            leaves[name] = flagged[name][chosen]
        leaves["bucket"] = values.first_bucket + t
        leaves["measure"] = self._position
        leaves["series"] = series
        leaves["partition"] = values.partition[series]
        leaves["weight"] = values.weight[series, t]
        leaves["siblings"], leaves["partitions"] = _company(values, series, t)
        return leaves

    def ln_p(self, judged: Judged, leaf: NDArray[np.int64], value: Floats) -> Floats:
        """ln of the probability of other values [k] in the place of some of the `leaves`, given by their positions [k]."""
        return probability(judged.flagged["predictive"][_chosen(judged)[leaf]], value)


def _chosen(judged: Judged) -> NDArray[np.int64]:
    """Which of the flagged buckets are leaves."""
    return np.flatnonzero(judged.flagged["ln_evidence"] <= LN_LEAF)


def _company(values: Values, series: Ids, t: Ids) -> tuple[Floats, Floats]:
    """How many series with data each leaf's partition has in its bucket, and how many partitions with data there are."""
    if len(series) == 0:
        return np.zeros(0), np.zeros(0)
    order = np.argsort(values.partition, kind="stable")
    partitions, start = np.unique(values.partition[order], return_index=True)
    present = np.add.reduceat((~np.isnan(values.value))[order].astype(np.int32), start, axis=0)
    row = np.searchsorted(partitions, values.partition[series])
    return present[row, t].astype(float), np.count_nonzero(present, axis=0)[t].astype(float)


def measures_of(job: Job) -> list[tuple[Measure, Side]]:
    """Everything a job measures, in order: one entry a detector, three for `metric`."""
    found: list[tuple[Measure, Side]] = []
    for index, detector in enumerate(job.detectors):
        for statistic, side in detector.spec.statistics:
            measure = Measure(
                detector_index=index,
                function=detector.function,
                function_description=detector.spec.measured(statistic),
                field_name=detector.field_name,
                partition_field_name=detector.partition_field_name,
                by_field_name=detector.by_field_name,
                statistic=statistic,
            )
            found.append((measure, side))
    return found
