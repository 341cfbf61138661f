"""OpenSearch's detector document, and the job that it stands for."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from barograph.config.detector import FieldName
from barograph.config.duration import Duration
from barograph.config.errors import MISSING, ConfigError, Problem
from barograph.config.forest import (
    DEFAULT_SHINGLE,
    NEEDED,
    Feature,
    FeatureId,
    ForestSettings,
    ImputationOption,
    Lenient,
    SuppressionRule,
    default_rules,
    fills_name_features,
    rules_name_features,
)
from barograph.config.job import Job

_MEMORY_LIMIT: Final = "8192mb"
"""Of detectors with category fields: room for ten thousand entities of five features."""

MOST_INTERVALS: Final = 10_000
"""Intervals of history, or in one `frequency`."""

_RESULT_INDEX: Final = re.compile(r"opensearch-ad-plugin-result-[a-z0-9_-]+")
_NAME: Final = re.compile(r"[a-zA-Z0-9._-]{1,64}", re.ASCII)
_UNITS: Final = {"seconds": "s", "minutes": "m"}
_FUNCTIONS: Final = {
    "avg": "mean",
    "sum": "non_null_sum",
    "min": "min",
    "max": "max",
    "value_count": "non_zero_count",
    "cardinality": "distinct_count",
    "percentiles": "median",
}
"""The aggregations that are computed of rows, by the function that does it. An interval without rows has no value in any."""

_OF_ROWS: Final = "rows are aggregated here, not by an index; a detector over indices of the server may have any"

_NO_FILTERS: Final[tuple[Mapping[str, Any], ...]] = ({}, {"match_all": {}}, {"match_all": {"boost": 1.0}})


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("1 to 64 letters (a-z, A-Z), digits, hyphens, underscores or periods")
    return text


def _result_index(text: str) -> str:
    if not _RESULT_INDEX.fullmatch(text) or len(text) > 255:
        raise ValueError("opensearch-ad-plugin-result- and then lowercase letters, digits, - or _, 255 characters at most")
    return text


class Period(Lenient):
    """So many minutes or seconds."""

    interval: int = Field(ge=0, description="a whole number")
    unit: Literal["Minutes", "Seconds"] = Field(default="Minutes", description="Minutes or Seconds")

    @classmethod
    def _prepared(cls, data: Any) -> Any:
        known = super()._prepared(data)
        unit = known.get("unit") if isinstance(known, dict) else None
        return known | {"unit": unit.capitalize()} if isinstance(unit, str) else known


class Schedule(Lenient):
    """A length of time."""

    period: Period = Field(description="an object with interval and unit")

    @property
    def duration(self) -> Duration:
        """As every other of ours."""
        return Duration.parse(f"{self.period.interval}{_UNITS[self.period.unit.lower()]}")


_TEN_MINUTES: Final = Schedule(period=Period(interval=10, unit="Minutes"))
_NO_TIME: Final = Schedule(period=Period(interval=0, unit="Seconds"))


class FeatureAttribute(Lenient):
    """A feature: an aggregation over the rows of an interval."""

    feature_id: FeatureId | None = None
    feature_name: str = Field(min_length=1, description="a name")
    feature_enabled: bool = Field(default=True)
    aggregation_query: dict[str, Any] = Field(min_length=1, description="an object with one aggregation")

    @property
    def id(self) -> str:
        """The id that it was given, or else its name."""
        return self.feature_id or self.feature_name

    @property
    def aggregation(self) -> Any:
        """The first aggregation of the query: the others do not count."""
        return next(iter(self.aggregation_query.values()))


def _features_differ(detector: "DetectorDocument") -> list[Problem]:
    names = [feature.feature_name for feature in detector.feature_attributes]
    return [
        Problem(f"feature_attributes[{at}].feature_name", name, "a name that is not listed before")
        for at, name in enumerate(names)
        if name in names[:at]
    ]


def _times_fit(detector: "DetectorDocument") -> list[Problem]:
    interval, problems = detector.detection_interval.duration, []
    if interval.ms < 1_000:
        problems.append(Problem("detection_interval", str(interval), "a second or more"))
    elif detector.frequency is not None:
        every = detector.frequency.duration
        wanted = f"a multiple of detection_interval ({interval}), {MOST_INTERVALS:,} times at most"
        if not every.ms or every.ms % interval.ms or every.ms > MOST_INTERVALS * interval.ms:
            problems.append(Problem("frequency", str(every), wanted))
    return problems


def _rules_fit(detector: "DetectorDocument") -> list[Problem]:
    names = [feature.feature_name for feature in detector.enabled]
    return rules_name_features(names, detector.rules or ()) + fills_name_features(names, detector.imputation_option)


_FEATURES: Final = frozenset({"feature_attributes"})


class DetectorDocument(Lenient):
    """A detector, under the names of OpenSearch's document; what it does not know is skipped.

    Raises:
        ConfigError: with every problem, when it is built from values that cannot be used.
    """

    CHECKS = (
        (_FEATURES, _features_differ),
        (frozenset({"detection_interval", "frequency"}), _times_fit),
        (_FEATURES | {"rules", "imputation_option"}, _rules_fit),
    )

    name: Annotated[str, AfterValidator(_name)] = Field(description="a name")
    description: str = Field(default="", max_length=1_000)
    time_field: FieldName = Field(description="the field with the time")
    indices: tuple[str, ...] = ()
    filter_query: dict[str, Any] = Field(default_factory=dict)
    feature_attributes: tuple[FeatureAttribute, ...] = ()
    detection_interval: Schedule = _TEN_MINUTES
    window_delay: Schedule = _NO_TIME
    frequency: Schedule | None = None
    suggested_seasonality: int | None = Field(default=None, ge=2, le=256)
    shingle_size: int = Field(default=DEFAULT_SHINGLE, ge=1, le=128)
    recency_emphasis: int = Field(default=2_560, gt=1, le=10**9)
    history: int = Field(default=NEEDED + DEFAULT_SHINGLE, ge=1, le=MOST_INTERVALS)
    category_field: Annotated[tuple[FieldName, ...], Field(max_length=2)] = ()
    imputation_option: ImputationOption | None = None
    rules: tuple[SuppressionRule, ...] | None = None
    result_index: Annotated[str, AfterValidator(_result_index)] | None = None

    @classmethod
    def _refusal(cls, problems: tuple[Problem, ...]) -> Exception:
        return ConfigError(problems)

    @classmethod
    def _prepared(cls, data: Any) -> Any:
        """What follows from other fields: half a season is a shingle, and history is what scores need."""
        known = super()._prepared(data)
        if not isinstance(known, dict):
            return known
        season = known.get("suggested_seasonality")
        if "shingle_size" not in known and isinstance(season, int):
            known["shingle_size"] = season // 2
        shingle = known.get("shingle_size", DEFAULT_SHINGLE)
        return {"history": NEEDED + shingle} | known if isinstance(shingle, int) else known

    @property
    def enabled(self) -> tuple[FeatureAttribute, ...]:
        """The features that are looked at, in order."""
        return tuple(feature for feature in self.feature_attributes if feature.feature_enabled)

    @property
    def job_id(self) -> str:
        """Its name as the id of a job."""
        return re.sub(r"[^a-z0-9_-]", "-", self.name.lower()).strip("-_") or "detector"

    def job(self, job_id: str | None = None, *, summarised: bool = False) -> Job:
        """The job that it stands for.

        Args:
            job_id: of the job; None: made of the name.
            summarised: rows come aggregated and filtered, one an entity and interval: each has the value of every feature
                under the feature's id. So any aggregation can be used that whoever feeds them knows.

        Raises:
            ConfigError: it has no enabled feature; or, of rows as they are, a filter, or an aggregation that is not computed.
        """
        problems = [] if self.enabled else [Problem("feature_attributes", MISSING, "at least one enabled feature")]
        if not summarised and self.filter_query not in _NO_FILTERS:
            problems.append(Problem("filter_query", self.filter_query, "none, or match_all: rows are taken as they are"))
        detectors = []
        for at, feature in enumerate(self.feature_attributes):
            if feature.feature_enabled:
                measured, wrong = _measured(feature, f"feature_attributes[{at}].aggregation_query", summarised)
                problems += wrong
                detectors.append(measured | self._split | {"detector_description": feature.feature_name})
        if problems:
            raise ConfigError(problems)
        names = [feature.feature_name for feature in self.enabled]
        delay = self.window_delay.duration
        settings = ForestSettings(
            features=tuple(Feature(feature_id=one.id, feature_name=one.feature_name) for one in self.enabled),
            shingle_size=self.shingle_size,
            recency_emphasis=self.recency_emphasis,
            imputation_option=self.imputation_option,
            rules=self.rules or default_rules(names),
            history=self.history,
            frequency=None if self.frequency is None else self.frequency.duration,
        )
        return Job.model_validate(
            {
                "job_id": job_id or self.job_id,
                "description": self.description or None,
                "analysis_config": {
                    "bucket_span": self.detection_interval.duration,
                    "latency": delay if delay.ms else None,
                    "detectors": detectors,
                    "influencers": list(self.category_field),
                },
                "data_description": {"time_field": self.time_field},
                "model_plot_config": {"enabled": True},
                **({"analysis_limits": {"model_memory_limit": _MEMORY_LIMIT}} if self.category_field else {}),
                "forest_config": settings,
            }
        )

    @property
    def _split(self) -> dict[str, str]:
        return dict(zip(("partition_field_name", "by_field_name"), self.category_field, strict=False))


def _measured(feature: FeatureAttribute, path: str, summarised: bool) -> tuple[dict[str, Any], list[Problem]]:
    """The function and the field of a feature."""
    if summarised:
        return {"function": "mean", "field_name": feature.id}, []
    of = feature.aggregation
    ((kind, body),) = of.items() if isinstance(of, dict) and len(of) == 1 else [("", None)]
    if kind not in _FUNCTIONS or not isinstance(body, dict) or not isinstance(body.get("field"), str):
        wanted = f"one of {', '.join(_FUNCTIONS)}, of a field: {_OF_ROWS}"
        return {}, [Problem(path, feature.aggregation_query, wanted)]
    percents, read = body.get("percents"), {"field", "percents"} if kind == "percentiles" else {"field"}
    problems = [Problem(f"{path}.{kind}.{name}", body[name], f"nothing: {_OF_ROWS}") for name in sorted(body.keys() - read)]
    if kind == "percentiles" and (not isinstance(percents, list) or percents[:1] != [50]):
        wanted = f"50, the median, as the first: {_OF_ROWS}"
        problems.append(Problem(f"{path}.{kind}.percents", MISSING if percents is None else percents, wanted))
    function = _FUNCTIONS[kind]
    return {"function": function} | ({} if function == "non_zero_count" else {"field_name": body["field"]}), problems


def is_detector(document: object) -> bool:
    """Whether a document is one of a detector, not of a job."""
    return isinstance(document, Mapping) and ("feature_attributes" in document or "anomaly_detector" in document)


def read_detector(document: Mapping[str, Any]) -> DetectorDocument:
    """A detector from its document, or from what OpenSearch answers when it is asked for one.

    Raises:
        ConfigError: with all problems at once.
    """
    inside = document.get("anomaly_detector", document)
    return DetectorDocument.model_validate(inside)
