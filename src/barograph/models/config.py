"""Settings of a series model and what it hands out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Side = Literal["both", "high", "low"]
SIDES: Final[dict[Side, int]] = {"both": 0, "high": 1, "low": -1}
Matrix = NDArray[np.float64]
Leaves = np.ndarray[tuple[int], np.dtype[np.void]]


@dataclass(frozen=True)
class ModelConfig:
    """How the series of one detector are modelled.

    Attributes:
        bucket_span_ms: length of a bucket, > 0.
        time_zone: IANA name; seasons follow its civil time.
        side: which deviations count.
        integer: values are counts; typical values and bounds may still be fractions.
        non_negative: values below 0 cannot occur, so bounds and typical values do not go there.
        bounds_percentile: share of values that lie inside the bounds, in (0, 100); None: no bounds.
        threads: over how many threads the series are shared out; results do not depend on it.
        siblings: the series measure the same of different things: a new one starts from the scale typical of the others.
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
    ln_threshold: float = math.log(0.05)

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


@dataclass(frozen=True)
class Judged:
    """What the model thinks of S series in T buckets. NaN in `ln_p` and `ln_evidence` where there is no data.

    Attributes:
        ln_p: [S, T] natural log of the chance of a value at least as unlikely, two- or one-sided by the config.
        ln_evidence: [S, T] natural log of the severity after evidence of several buckets and of earlier anomalies.
        typical: [S, T] predicted mean, also where no data; NaN before the series has a scale. None without bounds.
        lower: [S, T] lower bound, None without bounds.
        upper: [S, T] upper bound, None without bounds.
        flagged: leaves (dtype `state.LEAF`) in (t, row) order; `row` and `t` index S and T. Their bounds are at 95 %.
        changes: accepted changes (dtype `state.CHANGE`) in (t, row) order.
    """

    ln_p: Matrix
    ln_evidence: Matrix
    typical: Matrix | None
    lower: Matrix | None
    upper: Matrix | None
    flagged: Leaves
    changes: Leaves

    @classmethod
    def joined(cls, parts: Sequence["Judged"]) -> "Judged":
        """What was thought of consecutive stretches of the same series, as one."""
        starts = np.cumsum([0, *(part.ln_p.shape[1] for part in parts[:-1])])
        for part, start in zip(parts, starts.tolist(), strict=True):
            part.flagged["t"] += start
            part.changes["t"] += start
        ln_p, ln_evidence = (
            np.concatenate([getattr(part, name) for part in parts], axis=1) for name in ("ln_p", "ln_evidence")
        )
        typical, lower, upper = (
            _side_by_side([getattr(part, name) for part in parts]) for name in ("typical", "lower", "upper")
        )
        flagged, changes = (np.concatenate([getattr(part, name) for part in parts]) for name in ("flagged", "changes"))
        return cls(ln_p, ln_evidence, typical, lower, upper, flagged, changes)


def _side_by_side(parts: Sequence[Matrix | None]) -> Matrix | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known, axis=1) if known else None
