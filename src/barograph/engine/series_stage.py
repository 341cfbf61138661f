"""One statistic of one detector: finished buckets through its models."""

import math
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
import polars as pl

from barograph.buckets import DetectorValues, FinishedBuckets, Usual
from barograph.config.errors import OtherModels
from barograph.config.functions import Side, Statistic
from barograph.config.job import Job
from barograph.config.knowledge import Knowledge
from barograph.config.splits import SPLIT_NAMES
from barograph.engine.among_others import kin_of
from barograph.engine.completeness import GROWING, still_to_come
from barograph.engine.frequent import Frequent
from barograph.engine.prune import Prune
from barograph.engine.sizes import MODELS_OF_SERIES, PATTERNS, REST, SCORES, USUALLY, Meter
from barograph.engine.skips import DetectorSkips
from barograph.models import MODELS, Bed, Judged, Model, ModelConfig, SeriesModel, Shifts, Sleeper
from barograph.models.skips import FREQUENT, Skips
from barograph.results.arrays import Bytes, Floats, Structs
from barograph.results.snapshot import Arrays, prefixed, under
from barograph.scoring.aggregate import Evidence, evidence_and_learn
from barograph.scoring.groups import Groups
from barograph.scoring.leaves import Measure
from barograph.scoring.severity import RECORD_SCORE, ln_p_of_score

_OF_ROWS: Final[frozenset[Statistic]] = frozenset({"mean", "median", "varp"})
"""Statistics of which few rows tell less than many."""


@dataclass(frozen=True)
class Sight:
    """The values of one measure in a stretch of T buckets, and what its models said of them: nothing is told yet.

    Attributes:
        measure: what was measured.
        detector: where the values are from.
        first_bucket: index of the first bucket.
        value: [S, T] bucket value; NaN is no data, zero a value.
        weight: [S, T] rows behind it (summed counts for summarised input), 0 without any.
        judged_value: [S, T] what was judged: of an open bucket, what its value is likely to become.
        planned: [T] actions of the planned times that a bucket shares, as bits of `models.skips`.
        judged: what the models said.
    """

    measure: Measure
    detector: DetectorValues
    first_bucket: int
    value: Floats
    weight: Floats
    judged_value: Floats
    planned: Bytes
    judged: Judged

    def bound(self, name: Literal["typical", "lower", "upper"]) -> Floats:
        """[S, T] of models that have bounds."""
        bound: Floats | None = getattr(self.judged, name)
        assert bound is not None, "these models have bounds"
        return bound


@dataclass(frozen=True)
class JudgedMeasure:
    """The values of one measure in a stretch of T buckets, and what its models said of them.

    Attributes:
        measure: what was measured.
        detector: where the values are from.
        first_bucket: index of the first bucket.
        value: [S, T] bucket value; NaN is no data, zero a value.
        weight: [S, T] rows behind it (summed counts for summarised input), 0 without any.
        judged: what the models said of the values, as they were judged; its leaves have all that the score stage wants to know.
        evidence: what all series show, by partition.
        shares: what entities contribute to these leaves, and usually do; the columns `results.leaf.SHARES`.
    """

    measure: Measure
    detector: DetectorValues
    first_bucket: int
    value: Floats
    weight: Floats
    judged: Judged
    evidence: Evidence
    shares: pl.DataFrame

    @property
    def end_bucket(self) -> int:
        """Index of the bucket behind the last."""
        return self.first_bucket + int(self.value.shape[1])

    @property
    def filled(self) -> Floats:
        """How many series have rows in each of the buckets [T]."""
        return np.asarray(np.count_nonzero(self.weight > 0.0, axis=0), np.float64)

    def names(self) -> pl.DataFrame:
        """The split values of the leaves, and the by values of the series that led to expect another value."""
        leaves, known = self.judged.leaves, self.detector.known
        partner = leaves["partner"]
        by = known.names(np.maximum(partner - 1, 0))["by_field_value"] if partner.any() else None
        correlated = pl.lit(None, pl.String) if by is None else pl.when(pl.Series(partner > 0)).then(by)
        return known.names(np.ascontiguousarray(leaves["series"])).with_columns(correlated_by_field_value=correlated)


class Means(NamedTuple):
    """What stages work with.

    Attributes:
        threads: over so many the series of each are shared out.
        bed: where series may sleep; None: nowhere.
        knowledge: what the user knows.
        most_entities: of so many values of each influencer field is known what they usually do.
    """

    threads: int
    bed: Bed | None
    knowledge: Knowledge
    most_entities: int


class SeriesStage:
    """The models of one measure, and how far the series of a partition go together. Series are added as they appear, in the
    order of their ids."""

    def __init__(
        self,
        measure: Measure,
        position: int,
        model: Model,
        partitions: Groups,
        usual: Usual,
        skips: DetectorSkips,
        frequent: Frequent,
        prune: Prune | None,
        early: float,
    ) -> None:
        self.measure = measure
        self._early = early
        self._position = position
        self._model = model
        self._partitions = partitions
        self._usual = usual
        self._skips = skips
        self._frequent = frequent
        self._prune = prune

    @classmethod
    def build(cls, job: Job, position: int, measure: Measure, side: Side, state: Arrays | None, means: Means) -> "SeriesStage":
        """The models of the `position`-th measure of a job, fresh or as `snapshot` left them.

        Raises:
            OtherModels: another version left them.
        """
        if state is not None:
            check_readable(job, measure, state)
        usual = None if state is None else under("usual", state)
        model = model_of(job, measure).build(model_config(job, measure, side, means.threads, means.bed), state)
        partitions = Groups.build(job.bucket_span_ms, None if state is None else state["partitions"])
        usually = Usual.build(measure.statistic, job.influencers, job.bucket_span_ms, usual, means.most_entities)
        skips, prune = DetectorSkips(job, measure.detector_index, means.knowledge), prune_of(job, measure, None, state)
        frequent = Frequent.build(job, measure.detector_index, None if state is None else under("frequent", state))
        early = job.early_ms(measure.detector_index) / job.bucket_span_ms
        return cls(measure, position, model, partitions, usually, skips, frequent, prune, early)

    @property
    def model(self) -> Model:
        """The models, to be looked at."""
        return self._model

    @property
    def left_out(self) -> int:
        """How often what an entity usually does was forgotten, as there is no room for more."""
        return self._usual.left_out

    def sizes(self, meter: Meter) -> dict[str, int]:
        """What it holds in memory, in bytes."""
        sizes = {PATTERNS: meter.bytes(self._model.patterns)} if isinstance(self._model, Sleeper) else {}
        sizes |= {MODELS_OF_SERIES: meter.bytes(self._model), USUALLY: meter.bytes(self._usual)}
        return sizes | {SCORES: meter.bytes(self._partitions), REST: meter.bytes(self._frequent, self._prune, self._skips)}

    def snapshot(self) -> Arrays:
        """What the models and the partitions remember, and what entities usually add."""
        arrays = self._model.snapshot() | {"partitions": self._partitions.snapshot()}
        arrays |= prefixed("usual", self._usual.snapshot()) | prefixed("frequent", self._frequent.snapshot())
        return arrays | ({} if self._prune is None else prefixed("prune", self._prune.snapshot()))

    def know(self, job: Job, knowledge: Knowledge) -> None:
        """From the next bucket on, this is what the user knows."""
        self._skips = DetectorSkips(job, self.measure.detector_index, knowledge)

    def shifts(self, names: pl.DataFrame) -> Shifts:
        """The changes of the clock of series with these split values, the columns `SPLIT_VALUES`."""
        return self._skips.shifts(names)

    def judge_and_learn(self, buckets: FinishedBuckets, completeness: Floats | None) -> Sight:
        """Judge buckets, then learn them. Open ones are judged, and learned, by what they are likely to become.

        Args:
            buckets: the buckets, which follow the last ones.
            completeness: [T] how full each of them is, in [0, 1]; None when they are finished.
        """
        start, end = buckets.first_bucket, buckets.end_bucket
        detector = buckets.detectors[self.measure.detector_index]
        value, weight = detector.matrix(self.measure.statistic, start, end), detector.weights(start, end)
        if len(value) > self._model.n_series:
            self._model.grow(len(value), kin_of(detector.known) if self._model.TOGETHER else None)
        skips = self._forget_and_learn(value, weight, start, self._skips.between(detector.known, len(value), start, end))
        judged_value = value
        if completeness is None or self.measure.statistic not in GROWING:
            judged = self._model.advance(value, start * self._model.config.bucket_span_ms, skips=skips, weights=weight)
        else:
            # Buckets that begin early are so much fuller.
            judged, added = self._estimate_and_learn(value, start, np.minimum(completeness + self._early, 1.0), skips)
            judged_value = value + added
        frequent = self._frequent.tell_and_learn(detector.known, weight, start)
        if frequent is not None:
            judged = judged.without(frequent, start, FREQUENT)
        planned = np.zeros(end - start, np.uint8) if skips is None else skips.planned
        return Sight(self.measure, detector, start, value, weight, judged_value, planned, judged)

    def tell_and_learn(self, sight: Sight) -> JudgedMeasure:
        """What goes on to the score stage of what was judged last, and learn how far series go together, and what is usual."""
        detector, start, judged = sight.detector, sight.first_bucket, sight.judged
        self._complete(judged.leaves, sight.weight, detector, start)
        evidence = evidence_and_learn(self._partitions, self.measure.detector_index, judged.ln_evidence, detector.partition)
        shares = self._shares(detector, start, start + sight.value.shape[1], judged)
        return JudgedMeasure(self.measure, detector, start, sight.value, sight.weight, judged, evidence, shares)

    def _forget_and_learn(self, value: Floats, weight: Floats, start: int, skips: Skips | None) -> Skips | None:
        """Take out the values of series that are forgotten; what is skipped, and where series are forgotten."""
        return skips if self._prune is None else self._prune.take_out_and_learn(value, weight, start, skips)

    def _estimate_and_learn(
        self, value: Floats, first_bucket: int, completeness: Floats, skips: Skips | None
    ) -> tuple[Judged, Floats]:
        """Judge and learn open buckets one by one, as each is estimated by what is known before it; what was added [S, T]."""
        parts, added, config = [], np.empty(value.shape), self._model.config
        for t, complete in enumerate(completeness.tolist()):
            bucket_ms = (first_bucket + t) * config.bucket_span_ms
            typical = self._model.expect(bucket_ms, 1, None if skips is None else skips.shifts)[:, 0]
            added[:, t] = still_to_come(value[:, t], typical, complete, whole=config.integer)
            skipped = None if skips is None else skips.buckets(slice(t, t + 1))
            parts.append(self._model.advance((value[:, t] + added[:, t])[:, None], bucket_ms, skips=skipped))
        judged = Judged.joined(parts)
        # Shown is what has come, beside what was to be expected by now.
        leaves = judged.leaves
        cell = (leaves["series"], leaves["bucket"] - first_bucket)
        leaves["added"], leaves["actual"] = added[cell], value[cell]
        least = 0.0 if config.non_negative else -np.inf
        for name in ("typical", "lower", "upper"):
            come = leaves[name] - leaves["added"]
            leaves[name] = np.maximum(come, least)
        return judged, added

    def _shares(self, detector: DetectorValues, start: int, end: int, judged: Judged) -> pl.DataFrame:
        """What entities contribute to the leaves. Of odd ones nothing is learned, also where nobody wants them told."""
        told, skipped = judged.leaves, judged.skipped.leaves
        if not len(skipped):
            return self._usual.tell_and_learn(detector, start, end, told)
        odd = np.concatenate([told, skipped])
        order = np.lexsort((odd["series"], odd["bucket"]))
        shares = self._usual.tell_and_learn(detector, start, end, odd[order])
        return shares.with_columns(leaf=order[shares["leaf"].to_numpy()]).filter(pl.col("leaf") < len(told))

    def _complete(self, leaves: Structs, weight: Floats, detector: DetectorValues, first_bucket: int) -> None:
        """Write into leaves what a model does not know of them."""
        leaves["measure"] = self._position
        leaves["weight"] = weight[leaves["series"], leaves["bucket"] - first_bucket]
        leaves["mean"] = np.nan
        if self.measure.statistic == "varp":  # of all statistics it alone needs the mean when an entity's rows are taken away
            leaves["mean"] = detector.means(detector.find(leaves["series"], leaves["bucket"]))


def check_readable(job: Job, measure: Measure, state: Arrays) -> None:
    """Refuse what another version has remembered of a measure.

    Raises:
        OtherModels: it did.
    """
    mine = "partitions" in state and Groups.readable(state["partitions"]) and model_of(job, measure).readable(state)
    if not mine or not Usual.readable(job.influencers, under("usual", state)):
        raise OtherModels(job.job_id)


def model_config(job: Job, measure: Measure, side: Side, threads: int = 1, bed: Bed | None = None) -> ModelConfig:
    """How the series of a measure are modelled."""
    spec, forest = job.detectors[measure.detector_index].spec, job.forest_config is not None
    plot = job.model_plot_config
    return ModelConfig(
        bucket_span_ms=job.bucket_span_ms,
        time_zone=job.time_zone,
        side="both" if forest else side,
        integer=spec.integer,
        non_negative=spec.integer or measure.statistic == "varp",
        bounds_percentile=plot.bounds_percentile if plot.enabled or forest else None,
        threads=threads,
        of_rows=measure.statistic in _OF_ROWS,
        siblings=any(measure.labels[name] is not None for name in SPLIT_NAMES),
        zeros_before=spec.integer
        and spec.empty == "zero"
        and measure.by_field_name is not None
        and measure.partition_field_name is None,
        bed=bed,
        # Of features, only what the forests find is told.
        ln_threshold=-math.inf if forest else ln_p_of_score(RECORD_SCORE, job.bucket_span_ms),
    )


def prune_of(job: Job, measure: Measure, row: int | None, state: Arrays | None) -> Prune | None:
    """When series are forgotten, as the `state` of their stage has it; None where they are not.

    Only what has a model of its own is forgotten: that a value is rare is known as long as the others are.

    Args:
        job: the job.
        measure: what is measured.
        row: of this series alone; None: of all.
        state: what the stage remembers; None: nothing yet.
    """
    window = job.analysis_config.model_prune_window
    if window is None or model_of(job, measure).RECORDS is not SeriesModel.RECORDS:
        return None
    of = slice(None) if row is None else slice(row, row + 1)
    kept = {} if state is None else {name: a if name == "count" else a[of] for name, a in under("prune", state).items()}
    there = 0 if state is None else len(state["series"][of])
    return Prune.build(window.ms, job.bucket_span_ms, there, kept)


def model_of(job: Job, measure: Measure) -> type[Model]:
    """The kind of model that a measure has."""
    kind = job.detectors[measure.detector_index].spec.kind
    together = job.analysis_config.multivariate_by_fields and measure.by_field_name is not None
    return MODELS["correlated" if together and kind == "series" else kind]


def measures_of(job: Job) -> list[tuple[Measure, Side]]:
    """Everything a job measures, in order: one entry a detector, three for `metric`."""
    measures: list[tuple[Measure, Side]] = []
    for index, detector in enumerate(job.detectors):
        for statistic, side in detector.spec.statistics:
            measure = Measure(
                detector_index=index,
                function=detector.function,
                function_description=detector.spec.measured(statistic),
                field_name=detector.field_name,
                **{name: getattr(detector, name) for name in SPLIT_NAMES},
                statistic=statistic,
            )
            measures.append((measure, side))
    return measures
