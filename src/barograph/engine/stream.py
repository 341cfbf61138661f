"""Bucket values as they come, each scored at once and for good."""

import json
from datetime import timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from barograph.config.duration import Duration
from barograph.config.errors import BadRequest, OtherVersion
from barograph.config.functions import Side
from barograph.config.moment import iso_text
from barograph.engine.one_series import OneSeries, settings
from barograph.engine.score_input import reading_job, span_ms
from barograph.engine.stream_input import read_time, read_value
from barograph.engine.timeline import check_gap
from barograph.results.snapshot import Snapshot

_NONE: Final = -1


class Scored(NamedTuple):
    """What a bucket value was found to be. Numbers that there are not are NaN.

    Attributes:
        time: as it was given.
        value: NaN is no data.
        score: 0 to 100; 0 where there is no value.
        typical: what the value was expected to be; NaN before the series has a scale.
        lower: lower 95 % bound.
        upper: upper 95 % bound.
        probability: chance of something at least as unlikely, of which the score is made; NaN where there is no value.
    """

    time: Any
    value: float
    score: float
    typical: float
    lower: float
    upper: float
    probability: float


class Stream:
    """One series whose bucket values come one after the other; the numbers are those of `score`, to the last bit.

    Args:
        span: length of a bucket, such as `5m`.
        time_zone: IANA name: the zone of times without one, and of days and weeks.
        side: which values are odd: `high`, `low`, or `both`.
        state: what `snapshot` returned, to go on from there.

    Raises:
        BadRequest: one of these cannot be; the message names it, its value and what was wanted.
        OtherVersion: another version of Barograph made the snapshot.
        ValueError: the snapshot is of a stream with other settings.
    """

    def __init__(
        self,
        span: str | timedelta | Duration,
        *,
        time_zone: str = "UTC",
        side: Side = "both",
        state: Snapshot | None = None,
    ) -> None:
        self._span_ms = span_ms(span)
        self._time_zone = reading_job(time_zone).time_zone
        self._zone = ZoneInfo(time_zone)
        config = settings(self._span_ms, time_zone, side)
        self._settings = json.dumps([self._span_ms, time_zone, side]).encode()
        self._newest = _NONE
        if state is None:
            self._series = OneSeries.build(config)
            return
        if bytes(state.arrays["settings"].tobytes()) != self._settings:
            raise ValueError(f"state: wanted one of a stream with the settings {self._settings.decode()}")
        try:
            self._series = OneSeries.build(config, state.arrays)
        except ValueError as error:
            raise OtherVersion(f"state: wanted one of this version of Barograph ({error})") from error
        self._newest = int(state.arrays["newest"][0])

    def update(self, time: Any, value: float | None) -> Scored:
        """Score the value of a bucket by those before it, then learn it. It is final: no later value changes it.

        Args:
            time: a time in the bucket, such as its start: a datetime, ISO 8601, epoch seconds or ms. Buckets that were left
                out since the last one had no data.
            value: the bucket's value; NaN or None is no data.

        Raises:
            BadRequest: the time is none, or its bucket is not later than the last one's. Nothing was learnt.
            UnreadableInput: the value is no number. Nothing was learnt.
        """
        number, bucket = read_value(value), read_time(time, self._zone, self._time_zone) // self._span_ms
        first = bucket if self._newest == _NONE else self._newest + 1
        if bucket < first:
            last = iso_text(self._newest * self._span_ms, self._zone)
            raise BadRequest(f"time={time!r}: wanted a time of a later bucket than the last, which began at {last}")
        check_gap(bucket - first, self._span_ms)
        values = np.full(bucket - first + 1, np.nan)
        values[-1] = number
        scores = self._series.judge_and_learn(values, first)
        self._newest = bucket
        return Scored(time, number, *(float(one[-1]) for one in scores))

    def snapshot(self) -> Snapshot:
        """All that must be kept to go on as if nothing had happened. Equal pasts give equal bytes."""
        own = {"settings": np.frombuffer(self._settings, np.uint8), "newest": np.array([self._newest])}
        return Snapshot(self._series.snapshot() | own)
