"""Settings of a model."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from barograph.config.functions import Side
from barograph.kernels.elementary import ln
from barograph.results.arrays import Disk

SIDES: Final[dict[Side, int]] = {"both": 0, "high": 1, "low": -1}


class Bed(NamedTuple):
    """Where series may sleep.

    Attributes:
        disk: it.
        awake: bytes of those that are awake, at most; a few more while buckets are judged.
    """

    disk: Disk
    awake: int


@dataclass(frozen=True)
class ModelConfig:
    """How the series of one measure are modelled.

    Attributes:
        bucket_span_ms: length of a bucket, > 0.
        time_zone: IANA name; seasons follow its civil time.
        side: which deviations count.
        integer: values are counts; typical values and bounds may still be fractions.
        non_negative: values below 0 cannot occur, so bounds and typical values do not go there.
        bounds_percentile: share of values that lie inside the bounds, in (0, 100); None: no bounds.
        threads: over how many threads the series are shared out; results do not depend on it.
        siblings: the series measure the same of different things: a new one starts from the scale typical of the others.
        of_rows: values are means of the rows of a bucket: the fewer there are, the further such a value scatters.
        zeros_before: a series that is new has been zero since the first bucket of all: nothing of its kind was counted.
        calendar: buckets have their place in a day and a week; else only periods found in the data are looked for.
        bed: where series without data may sleep; None: nowhere, all are in memory. Results do not depend on it.
        ln_threshold: buckets with ln evidence at or below become leaves.
    """

    bucket_span_ms: int
    time_zone: str = "UTC"
    side: Side = "both"
    integer: bool = False
    non_negative: bool = False
    bounds_percentile: float | None = None
    threads: int = 1
    siblings: bool = False
    of_rows: bool = False
    zeros_before: bool = False
    calendar: bool = True
    bed: Bed | None = None
    ln_threshold: float = ln(0.05)

    def __post_init__(self) -> None:
        checks: tuple[tuple[str, Any, bool, str], ...] = (
            ("bucket_span_ms", self.bucket_span_ms, self.bucket_span_ms > 0, "more than 0"),
            ("side", self.side, self.side in SIDES, "one of both, high, low"),
            ("threads", self.threads, self.threads >= 1, "1 or more"),
            ("ln_threshold", self.ln_threshold, self.ln_threshold <= 0, "0 or less"),
            (
                "bounds_percentile",
                self.bounds_percentile,
                self.bounds_percentile is None or 0 < self.bounds_percentile < 100,
                "None or between 0 and 100",
            ),
        )
        for name, value, ok, wanted in checks:
            if not ok:
                raise ValueError(f"{name}={value!r}: wanted {wanted}")
        ZoneInfo(self.time_zone)
