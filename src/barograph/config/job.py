"""A job: Elastic's job document, plus a time zone and a seed."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from barograph.config.analysis import AnalysisConfig, PerPartitionCategorization
from barograph.config.base import Document
from barograph.config.detector import MLCATEGORY, DetectionRule, Detector, FieldName, FilterRef, RuleCondition
from barograph.config.duration import UNIT_MS, Duration
from barograph.config.errors import BadRequest, ConfigError, Problem
from barograph.config.forest import ForestSettings
from barograph.config.time_format import TIME_FORMATS, java_pattern

__all__ = [
    "AnalysisConfig",
    "AnalysisLimits",
    "DataDescription",
    "DetectionRule",
    "Detector",
    "FilterRef",
    "Job",
    "JobBlocked",
    "ModelPlotConfig",
    "PerPartitionCategorization",
    "RuleCondition",
]

_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?", re.ASCII)
_ID_RULE: Final = "1 to 64 lowercase letters (a-z), digits, hyphens or underscores, with a letter or a digit at both ends"
_SIZE: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*(b|k|kb|m|mb|g|gb|t|tb|)", re.ASCII | re.IGNORECASE)
_UNITS: Final = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_HOUR_MS: Final = UNIT_MS["h"]
_WIDEST_PERCENTILE: Final = 99.999999
"""Of bounds. Beyond it a double soon has no quantile, and no tail is known as far out: one value in 100 million."""

_NO_ZONE: Final = re.compile(r"(?:posixrules|localtime|Factory)$|posix/|right/")
"""Files that lie among a machine's zones and are no IANA names: another machine, or Polars, does not know them."""


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError(_ID_RULE)
    return text


Id = Annotated[str, AfterValidator(_id)]


def check_id(name: str, text: str) -> None:
    """Refuse what is no id.

    Raises:
        BadRequest: it is none.
    """
    try:
        _id(text)
    except ValueError as error:
        raise BadRequest(f"{name}={text!r}: wanted {error}") from None


def megabytes(size: object) -> str:
    """A memory size in Elastic's normal form, whole megabytes: `2048` and `"2g"` are `"2048mb"`."""
    match = _SIZE.fullmatch(str(size).strip()) if isinstance(size, str | int) and not isinstance(size, bool) else None
    megabytes = 0
    if match is not None:
        megabytes = int(float(match[1]) * _UNITS[(match[2] or "m")[0].lower()]) >> 20
    if not megabytes:
        raise ValueError("a size of at least '1mb', such as '512mb', '2gb' or 2048 (megabytes)")
    return f"{megabytes}mb"


def _zone(name: str) -> str:
    try:
        if _NO_ZONE.match(name):
            raise KeyError(name)
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown name, path outside the database, a directory of it
        raise ValueError("an IANA time zone such as 'UTC' or 'Europe/Berlin'") from None
    return name


def _time_format(text: str) -> str:
    if text not in TIME_FORMATS:
        java_pattern(text)
    return text


def _delimiter(text: str) -> str:
    if len(text) != 1 or not text.isascii() or text in '\0"\n\r':
        raise ValueError("one character of ASCII, such as ';' or a tab, and no quote or line end")
    return text


def _moment(value: object) -> object:
    if value is None or (isinstance(value, int | str) and not isinstance(value, bool)):
        return value
    raise ValueError("a time in epoch ms or as text")


def _at_least_an_hour(duration: Duration) -> Duration:
    if duration.ms < _HOUR_MS:
        raise ValueError("at least '1h'")
    return duration


Zone = Annotated[str, AfterValidator(_zone)]
# Elastic gives times as epoch ms, or as text when asked for human output; nothing here computes with them.
Moment = Annotated[int | str | None, BeforeValidator(_moment)]
Days = Annotated[int, Field(ge=0, le=36_500)]


class DataDescription(Document):
    """How the input looks.

    `time_format` is `epoch` (seconds), `epoch_ms`, `epoch_us`, `epoch_ns`, `iso8601`, a Java pattern such as
    `yyyy-MM-dd HH:mm:ssX`, or `auto`, the default. With `auto` each value is judged by itself: a number below 1e11 is epoch
    seconds, one below 1e14 epoch ms, then microseconds, from 1e17 nanoseconds, and anything else ISO 8601. Any other setting
    reads only what it says.
    """

    format: Literal["xcontent", "delimited", "json"] | None = None
    time_field: FieldName = "time"
    time_format: Annotated[str, AfterValidator(_time_format)] = "auto"
    field_delimiter: Annotated[str, AfterValidator(_delimiter)] | None = None


class AnalysisLimits(Document):
    """Limits of the models. `model_memory_limit` is kept in whole megabytes, as `"1024mb"`."""

    model_memory_limit: Annotated[str, BeforeValidator(megabytes)] = "1024mb"
    categorization_examples_limit: int = Field(default=4, ge=0)

    @property
    def model_memory_bytes(self) -> int:
        """The memory limit in bytes."""
        return int(self.model_memory_limit.removesuffix("mb")) << 20


class ModelPlotConfig(Document):
    """Whether bounds are kept for charts, and for which series.

    `annotations_enabled` follows `enabled` unless it is set. `bounds_percentile` is the width of the bounds, in percent,
    at most 99.999999.
    """

    enabled: bool = False
    annotations_enabled: bool = False
    terms: str | None = None
    bounds_percentile: float = Field(default=95.0, gt=0, le=_WIDEST_PERCENTILE)

    @classmethod
    def _prepared(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("annotations_enabled") is None:
            return {**data, "annotations_enabled": data.get("enabled", False)}
        return data


class JobBlocked(Document):
    """Why Elastic blocks a job. Read from an exported job, never acted on."""

    reason: Literal["delete", "reset", "revert", "none"] = Field(description="a reason")
    task_id: str | None = None


def _groups_are_not_the_job(job: "Job") -> list[Problem]:
    return [
        Problem(f"groups[{index}]", group, "a name other than the job_id")
        for index, group in enumerate(job.groups)
        if group == job.job_id
    ]


def _time_is_not_analysed(job: "Job") -> list[Problem]:
    time, config = job.data_description.time_field, job.analysis_config
    used = {f"influencers[{index}]": name for index, name in enumerate(config.influencers)}
    used["summary_count_field_name"] = config.summary_count_field_name or ""
    used["categorization_field_name"] = config.categorization_field_name or ""
    for detector in config.detectors:
        for role in ("field", "by_field", "over_field", "partition_field"):
            used[f"detectors[{detector.detector_index}].{role}_name"] = getattr(detector, f"{role}_name") or ""
    wanted = "a field other than data_description.time_field"
    return [Problem(f"analysis_config.{path}", name, wanted) for path, name in used.items() if name == time]


def _retention_holds_the_daily(job: "Job") -> list[Problem]:
    daily, longest = job.daily_model_snapshot_retention_after_days, job.model_snapshot_retention_days
    if daily <= longest:
        return []
    wanted = f"at most model_snapshot_retention_days ({longest})"
    return [Problem("daily_model_snapshot_retention_after_days", daily, wanted)]


def _features_are_detectors(job: "Job") -> list[Problem]:
    """A forest looks at its detectors as features: each has one value a bucket, and all have the same entities."""
    if job.forest_config is None:
        return []
    detectors, features = job.analysis_config.detectors, job.forest_config.features
    problems = []
    if len(features) != len(detectors):
        problems.append(Problem("forest_config.features", len(features), f"one for each of the {len(detectors)} detectors"))
    for at, detector in enumerate(detectors):
        path = f"analysis_config.detectors[{at}]"
        if detector.spec.kind != "series" or len(detector.spec.statistics) > 1:
            problems.append(Problem(f"{path}.function", detector.function, "a function of one number, as mean, sum or count"))
        if detector.splits != detectors[0].splits:
            problems.append(Problem(path, detector.detector_description, "the split fields of the first detector"))
        if detector.exclude_frequent not in (None, "none"):
            problems.append(Problem(f"{path}.exclude_frequent", detector.exclude_frequent, "none: all entities are judged"))
        if detector.custom_rules:
            problems.append(Problem(f"{path}.custom_rules", len(detector.custom_rules), "none: forest_config has rules"))
    if job.analysis_config.multivariate_by_fields:
        problems.append(Problem("analysis_config.multivariate_by_fields", True, "false: forests judge features together"))
    splits = list(detectors[0].splits.values()) if detectors else []
    if set(job.analysis_config.influencers) - set(splits):
        wanted = f"split fields of the detectors only ({', '.join(splits) or 'there are none'})"
        problems.append(Problem("analysis_config.influencers", list(job.analysis_config.influencers), wanted))
    return problems


_RETENTION: Final = frozenset({"daily_model_snapshot_retention_after_days", "model_snapshot_retention_days"})


class Job(Document):
    """A job, under the names of Elastic's job document, so that an exported job loads as it is.

    Barograph's own fields are `time_zone` (IANA name: the zone of times written without one, and of the seasons), `seed`,
    `history_retention_days`, and `forest_config`, with which the detectors are the features of a forest detector.

    Raises:
        ConfigError: with every problem, when it is built from values that cannot be used.
    """

    CHECKS = (
        (frozenset({"job_id", "groups"}), _groups_are_not_the_job),
        (frozenset({"data_description", "analysis_config"}), _time_is_not_analysed),
        (_RETENTION, _retention_holds_the_daily),
        (frozenset({"analysis_config", "forest_config"}), _features_are_detectors),
    )

    job_id: Id = Field(description=f"an id: {_ID_RULE}")
    description: str | None = None
    groups: tuple[Id, ...] = ()
    analysis_config: AnalysisConfig = Field(description="an object with the detectors")
    data_description: DataDescription = DataDescription()
    analysis_limits: AnalysisLimits = AnalysisLimits()
    model_plot_config: ModelPlotConfig = ModelPlotConfig()
    forest_config: ForestSettings | None = None
    time_zone: Zone = "UTC"
    seed: int = Field(default=0, ge=0, lt=1 << 64)
    custom_settings: dict[str, Any] | None = None
    datafeed_config: dict[str, Any] | None = None
    allow_lazy_open: bool = False
    background_persist_interval: Annotated[Duration, AfterValidator(_at_least_an_hour)] | None = None
    renormalization_window_days: Days | None = None
    results_retention_days: Days | None = None
    history_retention_days: Days | None = None
    system_annotations_retention_days: Days | None = None
    model_snapshot_retention_days: Days = 10
    daily_model_snapshot_retention_after_days: Days = 1
    results_index_name: str = Field(default="shared", min_length=1)
    job_type: Literal["anomaly_detector"] = "anomaly_detector"
    job_version: str | None = None
    create_time: Moment = None
    finished_time: Moment = None
    model_snapshot_id: str | None = None
    model_snapshot_min_version: str | None = None
    deleting: bool | None = None
    blocked: JobBlocked | None = None

    @classmethod
    def _refusal(cls, problems: tuple[Problem, ...]) -> Exception:
        return ConfigError(problems)

    @classmethod
    def _prepared(cls, data: Any) -> Any:
        """Keeping no snapshot at all (0 days) needs no second setting: the daily limit's default gives way."""
        name = "daily_model_snapshot_retention_after_days"
        if isinstance(data, dict) and data.get("model_snapshot_retention_days") == 0 and name not in data:
            return {**data, name: 0}
        return data

    @property
    def bucket_span_ms(self) -> int:
        """Length of a bucket in ms, >= 1000."""
        return self.analysis_config.bucket_span.ms

    def early_ms(self, detector_index: int) -> int:
        """By how much the buckets of a detector begin before those of the job that have the same number, in ms."""
        return self.bucket_span_ms // 2 if self.detectors[detector_index].overlapping else 0

    @property
    def latency_ms(self) -> int:
        """How much later than a newer row a row may come, in ms; 0 without latency."""
        return self.analysis_config.latency.ms if self.analysis_config.latency else 0

    @property
    def detectors(self) -> tuple[Detector, ...]:
        """The detectors, in order."""
        return self.analysis_config.detectors

    @property
    def influencers(self) -> tuple[str, ...]:
        """The influencer fields, in order."""
        return self.analysis_config.influencers

    @property
    def time_field(self) -> str:
        """The input field with the time."""
        return self.data_description.time_field

    @property
    def number_fields(self) -> tuple[str, ...]:
        """The input fields that are read as numbers, in order of first use."""
        counted = self.analysis_config.summary_count_field_name
        fields = [detector.field_name for detector in self.detectors if detector.spec.field_type == "number"]
        return _distinct([*fields, counted])

    @property
    def place_fields(self) -> tuple[str, ...]:
        """The input fields that are read as places, in order of first use."""
        return _distinct(detector.field_name for detector in self.detectors if detector.spec.field_type == "place")

    @property
    def text_fields(self) -> tuple[str, ...]:
        """The input fields that are read as text, in order of first use: splits, influencers, what is told apart."""
        fields: list[str | None] = []
        for detector in self.detectors:
            fields += [detector.field_name if detector.spec.field_type == "text" else None, *detector.splits.values()]
        return _distinct([*fields, *self.influencers, self.analysis_config.categorization_field_name])

    @property
    def fields(self) -> tuple[str, ...]:
        """All input fields that are analysed, without the time."""
        return _distinct([*self.number_fields, *self.place_fields, *self.text_fields])


def _distinct(names: Iterable[str | None]) -> tuple[str, ...]:
    # mlcategory is computed from the categorization field; the input does not hold it.
    return tuple(dict.fromkeys(name for name in names if name is not None and name != MLCATEGORY))
