"""One statistic of one detector: bucket values through its models."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barograph.config.errors import OtherModels
from barograph.config.functions import Side
from barograph.config.job import Job
from barograph.engine.completeness import GROWING, still_to_come
from barograph.models import MODELS, Judged, Model, ModelConfig
from barograph.results.snapshot import Arrays
from barograph.scoring.aggregate import Evidence
from barograph.scoring.leaves import Measure
from barograph.scoring.severity import RECORD_SCORE, ln_p_of_score

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
        completeness: [T] how full the buckets are, in [0, 1]; None when they are finished.
    """

    first_bucket: int
    value: Floats
    weight: Floats
    partition: Ids
    completeness: Floats | None = None


@dataclass(frozen=True)
class Verdict:
    """What the models said of `Values`.

    Attributes:
        judged: of the values as they were judged.
        added: [S, T] what was added to them before, because buckets are still open; None when they are finished.
    """

    judged: Judged
    added: Floats | None = None


class MeasureStage:
    """The models of one measure. Series are added as they appear, in the order of their ids."""

    def __init__(self, measure: Measure, position: int, model: Model) -> None:
        self.measure = measure
        self._position = position
        self._model = model

    @classmethod
    def build(cls, job: Job, position: int, measure: Measure, side: Side, threads: int, state: Arrays | None) -> "MeasureStage":
        """The models of the `position`-th measure of a job, fresh or as `snapshot` left them.

        Raises:
            OtherModels: another version left them.
        """
        kind = model_of(job, measure)
        if state is not None and not kind.readable(state):
            raise OtherModels(job.job_id)
        return cls(measure, position, kind.build(model_config(job, measure, side, threads), state))

    @property
    def model(self) -> Model:
        """The models, to be looked at."""
        return self._model

    def snapshot(self) -> Arrays:
        """What the models remember."""
        return self._model.snapshot()

    def advance(self, values: Values) -> Verdict:
        """Judge a stretch of buckets, then learn it. Open ones are judged, and learned, by what they are likely to become."""
        self._model.grow(len(values.value))
        config = self._model.config
        first_ms = values.first_bucket * config.bucket_span_ms
        if values.completeness is None or self.measure.statistic not in GROWING:
            return Verdict(self._model.advance(values.value, first_ms))
        parts, added = [], np.empty(values.value.shape)
        for t, complete in enumerate(values.completeness.tolist()):  # each is estimated by what is known before it
            value, bucket_ms = values.value[:, t], first_ms + t * config.bucket_span_ms
            typical = self._model.expect(bucket_ms, 1)[:, 0]
            added[:, t] = still_to_come(value, typical, complete, whole=config.integer)
            parts.append(self._model.advance((value + added[:, t])[:, None], bucket_ms))
        return Verdict(Judged.joined(parts), added)

    def leaves(self, values: Values, verdict: Verdict) -> NDArray[np.void]:
        """The odd leaves of a judged stretch with all that the score stage wants to know of them."""
        leaves = verdict.judged.leaves
        leaves["measure"] = self._position
        cell = (leaves["series"], leaves["bucket"] - values.first_bucket)
        leaves["weight"] = values.weight[cell]
        if verdict.added is not None:
            # Shown is what has come, beside what was to be expected by now.
            leaves["added"], leaves["actual"] = verdict.added[cell], values.value[cell]
            least = 0.0 if self._model.config.non_negative else -np.inf
            for name in ("typical", "lower", "upper"):
                leaves[name] = np.maximum(leaves[name] - leaves["added"], least)
        return leaves

    def evidence(self, values: Values, judged: Judged) -> Evidence:
        """What all series of a judged stretch show."""
        return Evidence(self.measure.detector_index, judged.ln_evidence, values.partition)

    def ln_p(self, judged: Judged, leaf: NDArray[np.int64], value: Floats) -> Floats:
        """ln of the probability of other values [k] in the place of some of the `leaves`, given by their positions [k]."""
        return self._model.ln_p_of(judged.payload[leaf], value)


def model_config(job: Job, measure: Measure, side: Side, threads: int = 1) -> ModelConfig:
    """How the series of a measure are modelled."""
    spec = job.detectors[measure.detector_index].spec
    return ModelConfig(
        bucket_span_ms=job.bucket_span_ms,
        time_zone=job.time_zone,
        side=side,
        integer=spec.integer,
        non_negative=spec.integer or measure.statistic == "varp",
        bounds_percentile=job.model_plot_config.bounds_percentile if job.model_plot_config.enabled else None,
        threads=threads,
        siblings=measure.by_field_name is not None or measure.partition_field_name is not None,
        ln_threshold=ln_p_of_score(RECORD_SCORE, job.bucket_span_ms),
    )


def model_of(job: Job, measure: Measure) -> type[Model]:
    """The kind of model that a measure has."""
    return MODELS[job.detectors[measure.detector_index].spec.kind]


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
