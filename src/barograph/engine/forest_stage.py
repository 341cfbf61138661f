"""The features of each entity judged together: behind the models of the features, before the score stage."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final

import numpy as np

from barograph.buckets import KnownSeries
from barograph.config.errors import OtherModels
from barograph.config.forest import ForestSettings
from barograph.config.job import Job
from barograph.engine.forest_lives import Life, lives
from barograph.engine.forest_rules import is_suppressed
from barograph.engine.prune import Forgotten, Prune
from barograph.engine.series_stage import Sight
from barograph.kernels.elementary import ln
from barograph.models.forest_config import ForestConfig, Missing
from barograph.models.forest_trees import Trees, TreesConfig
from barograph.models.forests import Expected, Forests, Found, Rows, last_known
from barograph.results.arrays import Bools, Floats, Ids, Ints
from barograph.results.leaf import LEAF
from barograph.results.snapshot import Arrays, prefixed, under

_LN_FALSE: Final = ln(1e-4)
"""ln of the share of usual points whose score reaches the threshold; see `kernels/forest_judge.hpp`."""

_LEAST_LEFT: Final = 1e-16  # of a grade of 1, whose logarithm would be of nothing
_LEAST_IMPACT: Final = -5.0  # a shingle is no run of buckets that are odd together


@dataclass(frozen=True)
class JudgedForest:
    """What the entities of a job were found to be in T buckets.

    Attributes:
        first_bucket: index of the first bucket.
        entities: which they are.
        values: [E, before + T, F] values of the features in some buckets before the first, and in these; those that are imputed
            are what they are imputed by, and NaN where that is what was expected.
        before: how many buckets before the first.
        told: [E, T] what has a result: an entity that has begun, with a value or one that is to be imputed.
        found: what was found, without what the rules ignore.
        counts: how many buckets were known of the entity of each anomaly, by (entity, bucket).
    """

    first_bucket: int
    entities: "Entities"
    values: Floats
    before: int
    told: Bools
    found: Found
    counts: dict[tuple[int, int], int]

    @property
    def buckets(self) -> int:
        """T."""
        return int(self.told.shape[1])

    def blamed(self, entity: int, at: int) -> Floats:
        """The values [F] that are to blame for an anomaly in a bucket."""
        return np.asarray(self.values[entity, self.before + at - self.found.late[entity, at]])


@dataclass(frozen=True)
class Entities:
    """The entities of features in a stretch, by the key of their split values.

    Attributes:
        series: [F, E] the series of each in each feature; -1 for none.
        begun: [E] bucket of its first row in any feature; those that have not begun have one far away.
        known: [F] what the series of each feature are.
    """

    series: Ids
    begun: Ints
    known: Sequence[KnownSeries]

    @classmethod
    def of(cls, known: Sequence[KnownSeries]) -> "Entities":
        """Those of the series of F features."""
        count = max((int(one.key.max()) + 1 for one in known if len(one)), default=0)
        series, begun = np.full((len(known), count), -1, np.int32), np.full(count, np.iinfo(np.int64).max)
        for at, one in enumerate(known):
            series[at, one.key] = np.arange(len(one), dtype=np.int32)
            begun[one.key] = np.minimum(begun[one.key], one.first_bucket)
        return cls(series, begun, known)

    def matrix(self, of: Sequence[Floats], start: int) -> Floats:
        """[E, T, F] of what there is of each feature's series [S, T], from bucket `start` on; NaN before it has begun.

        Before that a model may expect something of a series or not, by how time is cut.
        """
        bucket = start + np.arange(of[0].shape[1])
        out = np.full((self.series.shape[1], len(bucket), len(of)), np.nan)
        for at, one in enumerate(of):
            there = np.flatnonzero(self.series[at] >= 0)
            series = self.series[at, there]
            begun = bucket[None, :] >= self.known[at].first_bucket[series][:, None]
            out[there, :, at] = np.where(begun, one[series], np.nan)
        return out


class ForestStage:
    """`build` is the only way in, `snapshot` the only way out; `judge_and_learn` alone learns."""

    def __init__(
        self, job: Job, settings: ForestSettings, forests: Forests, values: Floats, prune: Prune | None, threads: int
    ) -> None:
        self._settings = settings
        self._prune = prune
        self._forests = forests
        self._threads = threads
        self._values = values  # [E, shingle - 1, F] the last ones
        self._z = NormalDist().inv_cdf(0.5 + job.model_plot_config.bounds_percentile / 200)

    @classmethod
    def build(cls, job: Job, settings: ForestSettings, state: Arrays | None, threads: int) -> "ForestStage":
        """Forests that have learned nothing, or as `snapshot` left them.

        Raises:
            OtherModels: another version left them.
        """
        config = forest_config(job, settings)
        empty = np.zeros((0, settings.shingle_size - 1, len(settings.features)))
        try:
            forests = Forests.build(config, state)
            values = empty if state is None else np.array(state["values"], np.float64)
        except (ValueError, KeyError) as error:
            raise OtherModels(job.job_id) from error
        window = job.analysis_config.model_prune_window
        kept = None if state is None else under("prune", state)
        prune = None if window is None else Prune.build(window.ms, job.bucket_span_ms, len(forests), kept)
        return cls(job, settings, forests, values, prune, threads)

    def snapshot(self) -> Arrays:
        """What it remembers."""
        prune = {} if self._prune is None else prefixed("prune", self._prune.snapshot())
        return self._forests.snapshot() | prune | {"values": self._values.copy()}

    def judge_and_learn(self, sights: Sequence[Sight]) -> tuple[list[Sight], JudgedForest]:
        """Judge the features together, and learn them.

        Args:
            sights: one a feature, in order: its values, and what its models say of them.

        Returns:
            The same with the anomalies of the forests in place of those of the features, each at the feature most to blame; and
            all that was found.
        """
        entities, start = Entities.of([sight.detector.known for sight in sights]), sights[0].first_bucket
        values, planned = entities.matrix([sight.judged_value for sight in sights], start), sights[0].planned != 0
        buckets, before, expected = values.shape[1], self._settings.shingle_size - 1, self._expected(entities, sights, start)
        values[:, planned] = expected.centre[:, planned]  # of planned times nothing is learned, and nothing told
        began = np.clip(entities.begun - start, 0, buckets)
        there = np.arange(buckets)[None, :] >= began[:, None]
        self._forests.grow(len(values))
        if len(values) > len(self._values):
            more = np.full((len(values) - len(self._values), before, values.shape[2]), np.nan)
            self._values = np.concatenate([self._values, more])
        forgotten = self._forget_and_learn(entities, sights, start)
        if forgotten is not None:
            there &= ~forgotten.gone
        shown, found = np.full(values.shape, np.nan), Found.none(*values.shape)
        counts: dict[tuple[int, int], int] = {}
        for life in lives(began, buckets, forgotten):
            counts |= self._live(life, values, expected, shown, found)
        shown[~there] = np.nan
        whole = np.concatenate([self._values, shown], axis=1)
        self._values = whole[:, buckets:].copy()
        if self._settings.imputation_option is None:
            there &= ~np.isnan(values).all(axis=2)
        judged = JudgedForest(start, entities, whole, before, there & ~planned, found, counts)
        self._drop_suppressed(judged)
        return [_told_by(judged, at, sight) for at, sight in enumerate(sights)], judged

    def _forget_and_learn(self, entities: Entities, sights: Sequence[Sight], start: int) -> Forgotten | None:
        """When entities are forgotten: with the first bucket that lies too far behind their last rows of any feature."""
        if self._prune is None:
            return None
        weights = np.nan_to_num(entities.matrix([sight.weight for sight in sights], start)).max(axis=2)
        return self._prune.forget_and_learn(weights, start)

    def _live(self, life: Life, values: Floats, expected: Expected, shown: Floats, found: Found) -> dict[tuple[int, int], int]:
        """Judge and learn a life; fills in what is shown and found, and answers the `counts` of its anomalies."""
        rows, span = life.rows, life.span
        if life.is_new:
            self._forests.forget(np.asarray(rows))
        own, learnt = values[rows, span], self._forests.points(rows)
        shown[rows, span] = self._filled(own, rows)
        part = self._forests.judge_and_learn(own, expected.part(rows, span), life.began, self._threads, rows)
        found.put(rows, span, part)
        numbers = np.arange(len(values))[rows].tolist()
        return {(numbers[e], span.start + t): int(learnt[e] + t - life.began[e]) for e, t in part.modes}

    def _expected(self, entities: Entities, sights: Sequence[Sight], start: int) -> Expected:
        units, ln_p = [_unit(sight, self._z) for sight in sights], [sight.judged.ln_p for sight in sights]
        centre = entities.matrix([sight.bound("typical") for sight in sights], start)
        return Expected(centre, entities.matrix(units, start), entities.matrix(ln_p, start))

    def _filled(self, values: Floats, rows: Rows) -> Floats:
        """What is shown of values of entities that come next: those that are imputed by numbers are these."""
        option = self._settings.imputation_option
        if option is None:
            return values
        if option.method == "PREVIOUS":
            return last_known(np.concatenate([self._forests.all_previous(rows)[:, None], values], axis=1))[:, 1:]
        return np.where(np.isnan(values), np.array(_fills(self._settings)), values)

    def _drop_suppressed(self, judged: JudgedForest) -> None:
        """Take away anomalies of which nobody is to be told, by the rules or as nothing is told there."""
        found = judged.found
        for (e, t), modes in list(found.modes.items()):
            likely = modes[0].values.tolist()
            if judged.told[e, t] and not is_suppressed(
                self._settings, judged.blamed(e, t).tolist(), likely, found.attribution[e, t].tolist()
            ):
                continue
            found.grade[e, t], found.late[e, t] = 0.0, 0
            found.attribution[e, t], found.expected[e, t] = np.nan, np.nan
            del found.modes[e, t]


def forest_config(job: Job, settings: ForestSettings) -> ForestConfig:
    """How the forests of a job look at its features."""
    trees = TreesConfig(
        features=len(settings.features), shingle=settings.shingle_size, memory=settings.recency_emphasis, seed=job.seed
    )
    return ForestConfig(trees, missing=_missing(settings), bucket_span_ms=job.bucket_span_ms, time_zone=job.time_zone)


def forest_bytes(job: Job) -> int:
    """What the forest of one entity takes; 0 of jobs that have none."""
    return 0 if job.forest_config is None else Trees.most_bytes(forest_config(job, job.forest_config).trees)


def _missing(settings: ForestSettings) -> Missing | tuple[float, ...]:
    option = settings.imputation_option
    if option is None:
        return "expected"
    return "previous" if option.method == "PREVIOUS" else tuple(_fills(settings))


def _fills(settings: ForestSettings) -> list[float]:
    """What missing values are taken for, by feature."""
    option = settings.imputation_option
    given = {fill.feature_name: fill.data for fill in option.default_fill} if option is not None else {}
    return [given.get(feature.feature_name, 0.0) for feature in settings.features]


def _unit(sight: Sight, z: float) -> Floats:
    """The deviation of values around what is expected of them: of bounds that end at zero the other one tells it."""
    typical = sight.bound("typical")
    return np.maximum(sight.bound("upper") - typical, typical - sight.bound("lower")) / z


def ln_p_of_grade(grade: Floats) -> Floats:
    """ln of the chance that a usual point gets such a grade, by the tail that makes the threshold; 0 for none.

    The tail is exponential: twice as far above the level of usual scores is the square of the chance. A grade of 1 - 1/e is
    as far above the threshold as that is above the level.
    """
    times = 1.0 - np.log(np.maximum(1.0 - grade, _LEAST_LEFT))
    return np.where(grade > 0.0, _LN_FALSE * times, 0.0)


def _told_by(judged: JudgedForest, feature: int, sight: Sight) -> Sight:
    """What is told of a feature: nothing but the anomalies of the forests for which it is most to blame."""
    found, series, first = judged.found, judged.entities.series, judged.first_bucket
    own = [(t, int(series[feature, e]), e) for e, t in found.modes if _most_to_blame(judged, e, t) == feature]
    own.sort()
    evidence = np.where(np.isnan(sight.judged.ln_evidence), np.nan, 0.0)
    leaves = np.zeros(len(own), LEAF)
    for leaf, (t, row, e) in zip(leaves, own, strict=True):
        ln_p = float(ln_p_of_grade(found.grade[e, t : t + 1])[0])
        evidence[row, t] = ln_p
        leaf["bucket"], leaf["series"], leaf["since"] = first + t, row, first + t - found.late[e, t]
        leaf["ln_p"] = leaf["ln_evidence"] = ln_p
        leaf["actual"] = judged.values[e, judged.before + t, feature]
        for name in ("typical", "lower", "upper"):
            leaf[name] = sight.bound(name)[row, t]
        leaf["impact"], leaf["count"] = _LEAST_IMPACT, judged.counts[e, t]
    payload = np.zeros(len(own), sight.judged.payload.dtype)  # entities are its own splits, which nobody asks values of
    return replace(sight, judged=replace(sight.judged, ln_evidence=evidence, leaves=leaves, payload=payload))


def _most_to_blame(judged: JudgedForest, e: int, t: int) -> int:
    """The feature, of those that the entity has a series of."""
    there = judged.entities.series[:, e] >= 0
    return int(np.argmax(np.where(there, judged.found.attribution[e, t], -1.0)))
