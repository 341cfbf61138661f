"""Results that users did not want told, by what silenced them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Silenced:
    """What one rule, or one planned time, has silenced since the job began.

    Attributes:
        count: results that would have been told: a value of a series in a bucket each.
        first_ms: start of the first of their buckets, epoch ms.
        last_ms: start of the last of them, epoch ms.
        detector_index: the detector whose rule it was; None of a planned time, which is for all of them.
        rule: the rule as text, or `exclude_frequent`; None of a planned time.
        calendar_id: the calendar of the planned time; None of a rule, or where it is in no calendar.
        description: what was planned; None of a rule.
        start_ms: start of the planned time, epoch ms; None of a rule.
        end_ms: end of the planned time, epoch ms; None of a rule.
    """

    count: int
    first_ms: int
    last_ms: int
    detector_index: int | None = None
    rule: str | None = None
    calendar_id: str | None = None
    description: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None
