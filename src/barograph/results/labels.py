"""Results and jobs in words: who, what, when, how bad."""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from barograph.config.detector import Detector
from barograph.config.duration import UNIT_MS, UNIT_WORDS
from barograph.config.job import Job
from barograph.config.splits import SPLITS
from barograph.results.silenced import Silenced
from barograph.results.words import measure, short

Row = Mapping[str, Any]

_SIDES: Final = {"high": " (high only)", "low": " (low only)", "both": ""}
_RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SHOWN_VALUES: Final = 3  # of one influencer in one line; how many more there are is said


def whole(score: float) -> str:
    """A score as a whole number, rounded down so that it never contradicts its severity."""
    return "<1" if 0 < score < 1 else str(int(score))


def when(epoch_ms: int, zone: ZoneInfo) -> str:
    """A time in the job's time zone, such as `Sun 2014-11-02 01:30`; its offset is added where the clock shows it twice."""
    moment = datetime.fromtimestamp(epoch_ms / 1000, UTC).astimezone(zone)
    parts = f"{moment:%a %Y-%m-%d %H:%M}" + (f":{moment:%S}" if epoch_ms % 60_000 else "")
    twice = moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()
    return f"{parts} {moment:%Z}" if twice else parts


def measured(record: Row) -> str:
    """What the record's detector measures."""
    return measure(record["function_description"], record["field_name"])


def series(row: Row) -> str:
    """The split values of a row's series: `host=web-1 url=/pay`; empty without splits."""
    values = ((row[name], row[value]) for name, value in SPLITS)
    return " ".join(f"{name}={value}" for name, value in values if name is not None and value is not None)


def who(record: Row) -> list[str]:
    """The series and the entities to blame: `host=web-1`, `user=eve`."""
    named = {record[name]: [record[value]] for name, value in SPLITS}
    for influencer in record["influencers"] or ():
        named.setdefault(influencer["influencer_field_name"], influencer["influencer_field_values"])
    return [f"{name}={_listed(values)}" for name, values in named.items() if name and values[0] is not None]


def to_blame(influencers: Iterable[Row]) -> str:
    """Who is to blame for a record, and for how much of it: `to blame: host=web-1 (52 %), host=web-2 (47 %)`."""
    names = [
        f"{influencer['influencer_field_name']}={value} ({100 * influence:.0f} %)"
        for influencer in influencers
        for value, influence in zip(influencer["influencer_field_values"], influencer["influences"], strict=True)
    ]
    return f"to blame: {', '.join(names)}" if names else "to blame: nobody; no few entities account for it"


def _listed(values: list[str]) -> str:
    more = len(values) - _SHOWN_VALUES
    return "|".join(values[:_SHOWN_VALUES]) + (f" and {more} more" if more > 0 else "")


def chance(ln_p: float) -> str:
    """A probability, given its logarithm, as it is said: `1 in 3`, `1 in 43,000`, `1 in 4×10¹³`."""
    digits = -ln_p / math.log(10.0)
    if digits < 6:
        return f"1 in {rough(10.0**digits)}"
    power = math.floor(digits)
    lead = round(10.0 ** (digits - power))
    lead, power = (1, power + 1) if lead == 10 else (lead, power)
    return f"1 in {'' if lead == 1 else f'{lead}×'}10{str(power).translate(_RAISED)}"


def length(ms: int) -> str:
    """A length of time: `30 minutes`, `1 day`."""
    unit, name = next(
        (unit, name) for unit, name in UNIT_WORDS.items() if ms % UNIT_MS[unit] == 0 and (ms >= UNIT_MS[unit] or unit == "ms")
    )
    number = ms // UNIT_MS[unit]
    return f"{number} {name}{'' if number == 1 else 's'}"


def lasted(ms: int) -> str:
    """A length of time in its two largest units: `45m`, `2h 30m`, `3d 4h`."""
    sizes = [(UNIT_MS[unit], unit) for unit in ("d", "h", "m", "s")]
    at = next((i for i, (size, _) in enumerate(sizes) if ms >= size), len(sizes) - 1)
    parts: list[str] = []
    for size, unit in sizes[at : at + 2]:
        number, ms = divmod(ms, size)
        parts += [f"{number}{unit}"] if number or not parts else []
    return " ".join(parts)


def sentence(job: Job) -> str:
    """What a job does: `every 5 minutes, per host: mean of cpu; blames user`, or `...: mean of cpu judged by a forest`."""
    splits = {_splits(detector) for detector in job.detectors}
    shared = splits.pop() if len(splits) == 1 else ""
    measures = [_measured(detector, "" if shared else _splits(detector)) for detector in job.detectors]
    comma, measures = "," if shared else "", list(dict.fromkeys(measures))
    what = "; ".join(measures) if job.forest_config is None else f"{joined(measures)} judged by a forest"
    text = f"every {length(job.bucket_span_ms)}{comma}{shared}: {what}"
    return f"{text}; blames {joined(job.influencers)}" if job.influencers else text


def detector_words(detector: Detector) -> str:
    """What a detector measures: `mean of cpu per host`."""
    return _measured(detector, _splits(detector))


def _measured(detector: Detector, splits: str) -> str:
    spec = detector.spec
    if detector.function == "metric":
        return f"mean, minimum and maximum of {detector.field_name}{splits}"
    side = "" if detector.function in {"min", "max"} else _SIDES[spec.side]
    return f"{measure(spec.statistic, detector.field_name)}{splits}{side}"


def _splits(detector: Detector) -> str:
    per = [name for role in ("partition", "by") if (name := detector.splits.get(role))]
    over = detector.splits.get("over")
    return (f" per {joined(per)}" if per else "") + (f" compared across {over}" if over else "")


def joined(names: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def counted(number: int, noun: str, nouns: str | None = None) -> str:
    """`1 row`, `1,234 rows`; `nouns` where more than one is not called so."""
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}"


def silenced(one: Silenced, zone: ZoneInfo) -> str:
    """What a rule or a planned time has silenced: `2 results by the rule actual > 5 of detector 0, the last Sun ...`."""
    if one.rule is not None:
        by = f"the rule {one.rule} of detector {one.detector_index}"
    else:
        by = f"{one.description}, planned in {one.calendar_id}" if one.calendar_id else f"{one.description}, planned"
    return f"{counted(one.count, 'result')} by {by}, the last {when(one.last_ms, zone)}"


def rough(number: float) -> str:
    """A number to two digits: `76,000`, `1.2`. For speeds, where more would be noise."""
    return short(float(f"{number:.2g}"), 2)
