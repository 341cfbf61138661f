"""Results that users did not want told, by what silenced them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Silencer:
    """What silences: a rule of a detector, or a planned time.

    Attributes:
        detector_index: the detector whose rule it is; None of a planned time, which is for all of them.
        rule: the rule as text, or `exclude_frequent`; None of a planned time.
        calendar_id: the calendar of the planned time; None of a rule, or where it is in no calendar.
        description: what was planned; None of a rule.
        start_ms: start of the planned time, epoch ms; None of a rule.
        end_ms: end of the planned time, epoch ms; None of a rule.
    """

    detector_index: int | None = None
    rule: str | None = None
    calendar_id: str | None = None
    description: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class Silenced(Silencer):
    """What one of them has silenced since the job began.

    Attributes:
        count: results that would have been told: a value of a series in a bucket each.
        first_ms: start of the first of their buckets, epoch ms.
        last_ms: start of the last of them, epoch ms.
    """

    count: int
    first_ms: int
    last_ms: int
