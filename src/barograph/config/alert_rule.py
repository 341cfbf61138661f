"""A rule of alerts: what of the results is worth telling somebody, whom, and when."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, field_serializer

from barograph.config.base import Document
from barograph.config.duration import Duration
from barograph.config.errors import ConfigError, Problem
from barograph.config.job import Id, Zone

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
On = Literal["incidents", "buckets", "influencers", "records"]

WORDS: Final = {"low": 0.0, "warning": 3.0, "minor": 25.0, "major": 50.0, "critical": 75.0}
"""Severities as people name them, by their least scores: `results/severity.py` has the same table, which a test compares."""

_MINUTES_A_DAY: Final = 24 * 60


def _score(value: object) -> object:
    """A severity's word as its least score; anything else as it is."""
    if isinstance(value, str):
        if value not in WORDS:
            raise ValueError(f"a number from 0 to 100, or one of {', '.join(WORDS)}")
        return WORDS[value]
    return value


def _clock(text: object) -> str:
    """A time of day, `HH:MM`; the end of a day may be `24:00`."""
    if isinstance(text, int) and 0 < text <= _MINUTES_A_DAY:
        text = f"{text // 60:02}:{text % 60:02}"  # YAML reads 22:00 as a number to the base of 60
    if text == "24:00":
        return "24:00"
    try:
        return datetime.strptime(str(text), "%H:%M").strftime("%H:%M")
    except ValueError:
        raise ValueError("a time of day such as '22:00'") from None


def _expressions(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


Clock = Annotated[str, BeforeValidator(_clock)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Names = Annotated[tuple[Name, ...], AfterValidator(_expressions)]


def _some_time(hours: "QuietHours") -> list[Problem]:
    return [Problem("to", hours.to, "another time than 'from'")] if hours.from_ == hours.to else []


class QuietHours(Document):
    """Hours of the week in which nobody is told anything; over midnight where `to` is before `from`."""

    CHECKS = ((frozenset({"from_", "to"}), _some_time),)

    from_: Clock = Field(alias="from", description="a time of day such as '22:00'")
    to: Clock = Field(description="a time of day such as '06:00'")
    days: tuple[Day, ...] = Field(default=DAYS, min_length=1, description="days on which they begin, such as ['sat', 'sun']")
    time_zone: Zone = "UTC"

    def hold(self, time_ms: int) -> bool:
        """Whether a time, epoch ms, lies in them."""
        moment = datetime.fromtimestamp(time_ms / 1000, ZoneInfo(self.time_zone))
        minute, first, last = 60 * moment.hour + moment.minute, _minutes(self.from_), _minutes(self.to)
        today, yesterday = DAYS[moment.weekday()], DAYS[moment.weekday() - 1]
        if first < last:
            return today in self.days and first <= minute < last
        return (today in self.days and minute >= first) or (yesterday in self.days and minute < last)


def _minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return 60 * int(hour) + int(minute)


def _buckets_have_no_values(rule: "AlertRule") -> list[Problem]:
    if rule.on != "buckets" or rule.group_by is None:
        return []
    return [Problem("group_by", rule.group_by, "none where on is 'buckets': a bucket is of all entities")]


def _records_have_grades(rule: "AlertRule") -> list[Problem]:
    if rule.min_grade is None or rule.on in ("incidents", "records"):
        return []
    return [Problem("min_grade", rule.min_grade, f"none where on is '{rule.on}': a grade is that of an entity's record")]


class AlertRule(Document):
    """A rule.

    Raises:
        ConfigError: with every problem, when it is built from values that cannot be used.
    """

    CHECKS = (
        (frozenset({"on", "group_by"}), _buckets_have_no_values),
        (frozenset({"on", "min_grade"}), _records_have_grades),
    )

    rule_id: Id = Field(description="an id")
    description: str | None = Field(default=None, max_length=1000)
    enabled: bool = True
    jobs: Names = Field(default=("_all",), min_length=1, max_length=10_000, description="ids of jobs, groups, either with *")
    on: On = Field(default="incidents", description="the results that are looked at")
    min_score: Annotated[float, BeforeValidator(_score), Field(ge=0, le=100, allow_inf_nan=False)] = Field(
        default=WORDS["critical"], description="lowest score, 0 to 100, or a severity such as 'major'"
    )
    min_grade: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = Field(
        default=None, description="lowest grade, 0 to 1, of what a forest detector finds; other detectors give none"
    )
    interim: bool = Field(default=False, description="also buckets that are still open")
    lookback: Duration | None = Field(
        default=Duration.parse("1d"), description="what ended longer ago raises nothing; null: whatever its age"
    )
    only_new: bool = Field(default=True, description="false: also tell when it gets worse, and when it is over")
    resolve_after: int = Field(default=12, ge=1, le=1000, description="quiet buckets after which an alert is over")
    group_by: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        default=None, description="a field: one alert for each of its values"
    )
    quiet_hours: tuple[QuietHours, ...] = Field(default=(), max_length=100)
    calendars: Names = Field(default=(), max_length=1000, description="nobody is told anything during their events")
    channels: Names = Field(default=("log",), min_length=1, max_length=100, description="who is told")
    budget: float | None = Field(
        default=7, gt=0, le=100_000, allow_inf_nan=False, description="alerts a week that are wanted at most; null: no matter"
    )

    @field_serializer("quiet_hours")
    def _as_written(self, hours: tuple[QuietHours, ...]) -> list[dict[str, Any]]:
        return [one.model_dump(mode="json", by_alias=True) for one in hours]

    @classmethod
    def _refusal(cls, problems: tuple[Problem, ...]) -> Exception:
        return ConfigError(problem.below("rule") for problem in problems)

    @property
    def lookback_ms(self) -> float:
        """How old what raises an alert may be, in ms; infinite without a limit."""
        return float("inf") if self.lookback is None else self.lookback.ms
