"""A datafeed: Elastic's datafeed document, which says where the rows of a job come from, and when."""

import zlib
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from barograph.config.base import Document
from barograph.config.duration import Duration
from barograph.config.errors import ConfigError, Problem
from barograph.config.job import Id, Job

_SECOND_MS: Final = 1_000
_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_OPTIONS: Final = {
    "expand_wildcards": ["open"],
    "ignore_unavailable": False,
    "allow_no_indices": True,
    "ignore_throttled": True,
}


def _positive(duration: Duration) -> Duration:
    if duration.ms < _SECOND_MS:
        raise ValueError("at least '1s'")
    return duration


class ChunkingConfig(Document):
    """How a long span is cut into searches: `auto` by how many rows there are, `manual` by `time_span`, `off` not at all."""

    mode: Literal["auto", "manual", "off"] = "auto"
    time_span: Annotated[Duration, AfterValidator(_positive)] | None = None


class DelayedDataCheckConfig(Document):
    """Whether buckets that are finished are counted again at the source, and how far back."""

    enabled: bool = True
    check_window: Annotated[Duration, AfterValidator(_positive)] | None = None


def _chunks_are_whole(feed: "Datafeed") -> list[Problem]:
    chunking = feed.chunking_config
    if chunking is None or (chunking.mode == "manual") == (chunking.time_span is not None):
        return []
    wanted = "a time_span beside mode 'manual'" if chunking.mode == "manual" else "no time_span unless mode is 'manual'"
    return [Problem("chunking_config.time_span", chunking.time_span and str(chunking.time_span), wanted)]


class Datafeed(Document):
    """A datafeed.

    Raises:
        ConfigError: with every problem, when it is built from values that cannot be used.
    """

    CHECKS = ((frozenset({"chunking_config"}), _chunks_are_whole),)

    datafeed_id: Id = Field(description="an id")
    job_id: Id = Field(description="the id of a job")
    indices: tuple[str, ...] = Field(min_length=1, description="names of indices")
    query: dict[str, Any] = Field(default_factory=lambda: {"match_all": {"boost": 1}})
    query_delay: Duration | None = None
    frequency: Annotated[Duration, AfterValidator(_positive)] | None = None
    scroll_size: int = Field(default=1000, ge=1, le=10_000)
    chunking_config: ChunkingConfig | None = None
    delayed_data_check_config: DelayedDataCheckConfig = DelayedDataCheckConfig()
    aggregations: dict[str, Any] | None = None
    script_fields: dict[str, Any] | None = None
    runtime_mappings: dict[str, Any] | None = None
    max_empty_searches: Annotated[int, Field(ge=1)] | None = None
    indices_options: dict[str, Any] = Field(default_factory=lambda: dict(_OPTIONS))

    @classmethod
    def _refusal(cls, problems: tuple[Problem, ...]) -> Exception:
        return ConfigError(problem.below("datafeed_config") for problem in problems)

    @property
    def delay_ms(self) -> int:
        """How long after its time a row is asked for, at the earliest. One to two minutes, the same for one job, if not set."""
        if self.query_delay is not None:
            return self.query_delay.ms
        return _MINUTE_MS + zlib.crc32(self.job_id.encode()) % 60 * _SECOND_MS

    def every_ms(self, job: Job) -> int:
        """How often it asks in real time: `frequency`, or a part of the bucket, the smaller the longer that is."""
        if self.frequency is not None:
            return self.frequency.ms
        span = job.bucket_span_ms
        for longest, part in ((2 * _MINUTE_MS, max(span // 2, _SECOND_MS)), (20 * _MINUTE_MS, _MINUTE_MS)):
            if span <= longest:
                return part
        return 10 * _MINUTE_MS if span <= 12 * _HOUR_MS else _HOUR_MS

    def check_window_ms(self, job: Job) -> int:
        """How far back finished buckets are counted again."""
        window = self.delayed_data_check_config.check_window
        return window.ms if window is not None else max(2 * _HOUR_MS, 8 * job.bucket_span_ms)

    @property
    def interval_ms(self) -> int | None:
        """The span of the buckets of its aggregations; None without any.

        Raises:
            ConfigError: they have none of a fixed length.
        """
        return None if self.aggregations is None else _interval(self.aggregations)


def _interval(aggregations: Mapping[str, Any]) -> int:
    for definition in aggregations.values():
        histogram = _histogram(definition)
        if histogram is not None:
            given = histogram.get("fixed_interval") or histogram.get("calendar_interval") or histogram.get("interval")
            try:
                length = given if isinstance(given, int) else Duration.parse(_fixed(given)).ms
            except ValueError as error:
                raise ConfigError([Problem("datafeed_config.aggregations", given, f"an interval: {error}")]) from None
            if length <= 0:
                raise ConfigError([Problem("datafeed_config.aggregations", given, "an interval above 0")])
            return length
    wanted = "a date_histogram, or a composite with one among its sources, at the top"
    raise ConfigError([Problem("datafeed_config.aggregations", sorted(aggregations), wanted)])


def _histogram(definition: object) -> Mapping[str, Any] | None:
    """What tells the spans of time of an aggregation, if it has any; it may be anything that a client has written."""
    if not isinstance(definition, Mapping):
        return None
    composite = definition.get("composite")
    sources = composite.get("sources") if isinstance(composite, Mapping) else None
    listed = sources if isinstance(sources, list) else []
    parts = [part for source in listed if isinstance(source, Mapping) for part in source.values()]
    found = [definition.get("date_histogram"), definition.get("histogram")]
    found += [part.get("date_histogram") for part in parts if isinstance(part, Mapping)]
    return next((one for one in found if isinstance(one, Mapping)), None)


def _fixed(given: object) -> object:
    words = {"minute": "1m", "hour": "1h", "day": "1d", "week": "7d", "1w": "7d"}
    return words.get(str(given), given)
