"""The series model: bucket values in, probabilities out."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import NormalDist
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from barograph.kernels import _series
from barograph.models.civil import local_ms
from barograph.models.config import SIDES, Judged, Leaves, Matrix, ModelConfig
from barograph.models.pool import Pool, Records
from barograph.models.state import LEAF, PREDICTIVE, SERIES, fresh
from barograph.results.snapshot import Arrays

_WORTH_A_THREAD = 20_000  # values; below, handing work over costs more than it saves


class SeriesModel:
    """One model a series, all of one detector. Built by `build` only; `snapshot` is the only way out."""

    def __init__(self, config: ModelConfig, records: Records, pool: Pool) -> None:
        self.config = config
        self._records = records
        self._pool = pool
        self._zone = ZoneInfo(config.time_zone)

    @classmethod
    def build(cls, config: ModelConfig, state: Arrays | None = None) -> "SeriesModel":
        """A model without series, or the one that `snapshot` wrote.

        Raises:
            ValueError: the snapshot's records are of another version.
        """
        if state is None:
            return cls(config, fresh(0), Pool())
        if state["series"].dtype != SERIES:
            raise ValueError(f"series records of {state['series'].dtype.itemsize} bytes: wanted {SERIES.itemsize} of this version")
        records = state["series"].copy()
        return cls(config, records, Pool.unpack(records, state["pool"].astype(np.float32)))

    @property
    def n_series(self) -> int:
        """How many series the model has."""
        return len(self._records)

    def grow(self, n_series: int) -> None:
        """Add series until there are `n_series`; the new ones have seen nothing."""
        missing = n_series - len(self._records)
        if missing < 0:
            raise ValueError(f"n_series={n_series}: wanted at least the present {len(self._records)}")
        self._records = np.concatenate([self._records, fresh(missing)])

    def snapshot(self) -> Arrays:
        """Everything remembered. Equal histories give equal bytes, however they were cut into chunks and threads."""
        records = self._records.copy()
        packed = self._pool.packed(records)
        Pool.unpack(records, packed)
        return {"series": records, "pool": packed}

    def advance(self, values: Matrix, first_bucket_ms: int, rows: NDArray[np.int64] | None = None) -> Judged:
        """Score each bucket with what was known before it, then learn it.

        Args:
            values: [S, T] bucket values of consecutive buckets; NaN is no data; infinities are read as +-1e140.
            first_bucket_ms: start of bucket 0, a multiple of the span.
            rows: [S] which series the rows of `values` are, each at most once; None: all, in order.
        """
        return self._run(self._records, self._pool, values, first_bucket_ms, rows, learn=True)

    def judge(self, values: NDArray[np.float64], bucket_ms: int, rows: NDArray[np.int64] | None = None) -> Judged:
        """Score one bucket of values [S] without learning it: for interim results. Judged is [S, 1]."""
        return self._run(self._records, self._pool, values[:, None], bucket_ms, rows, learn=False)

    def _run(
        self, records: Records, pool: Pool, values: Matrix, first_ms: int, rows: NDArray[np.int64] | None, *, learn: bool
    ) -> Judged:
        picked = np.arange(len(records)) if rows is None else np.ascontiguousarray(rows, np.int64)
        if values.ndim != 2 or len(values) != len(picked):
            raise ValueError(f"values.shape={values.shape}: wanted ({len(picked)}, buckets)")
        span = self.config.bucket_span_ms
        if first_ms % span:
            raise ValueError(f"first_bucket_ms={first_ms}: wanted a multiple of bucket_span_ms={span}")
        work = _Work(self, np.ascontiguousarray(values, np.float64), picked, first_ms, learn)
        leaves = work.run()
        order = np.lexsort((leaves["row"], leaves["t"]))
        shown = work.bounds > 0
        return Judged(
            work.ln_p,
            work.ln_evidence,
            work.typical if shown else None,
            work.lower if shown else None,
            work.upper if shown else None,
            leaves[order],
        )


class _Work:
    """One call of `advance` or `judge`: its output arrays and the slices that threads work on."""

    def __init__(self, model: SeriesModel, values: Matrix, rows: NDArray[np.int64], first_ms: int, learn: bool) -> None:
        config = model.config
        self._model, self._values, self._rows, self._learn = model, values, rows, learn
        self._first = first_ms // config.bucket_span_ms
        starts = first_ms + np.arange(values.shape[1], dtype=np.int64) * config.bucket_span_ms
        self._local_ms = local_ms(starts, model._zone)
        self._progress = np.zeros(len(rows), np.int64)
        percentile = config.bounds_percentile
        self.bounds = NormalDist().inv_cdf(0.5 + percentile / 200) if percentile is not None else 0.0
        self.ln_p = np.empty(values.shape)
        self.ln_evidence = np.empty(values.shape)
        shape = values.shape if self.bounds else (len(rows), 0)
        self.typical, self.lower, self.upper = np.empty(shape), np.empty(shape), np.empty(shape)

    def run(self) -> Leaves:
        """Run every slice to its end, giving out pool memory between the passes."""
        found: list[Leaves] = []
        threads = min(self._model.config.threads, os.cpu_count() or 1, max(1, self._values.size // _WORTH_A_THREAD))
        with ThreadPoolExecutor(threads) as pool:
            while self._values.shape[1] and (self._progress < self._values.shape[1]).any():
                passes = pool.map(self._pass, self._slices(threads)) if threads > 1 else map(self._pass, self._slices(1))
                for leaves in passes:
                    found.extend(leaves)
                self._model._pool.grant(self._model._records)
            while self._model._records["want"][self._rows].any():
                self._pass(slice(0, len(self._rows)))
        return np.concatenate(found) if found else np.zeros(0, LEAF)

    def _slices(self, threads: int) -> Iterator[slice]:
        size = max(1, -(-len(self._rows) // (4 * threads if threads > 1 else 1)))
        return (slice(start, start + size) for start in range(0, len(self._rows), size))

    def _pass(self, part: slice) -> list[Leaves]:
        """Run the slice until every series is done or waits for pool memory."""
        config, model = self._model.config, self._model
        found: list[Leaves] = []
        room = 64 + self._values[part].size // 16
        while True:
            leaves = np.zeros(room, LEAF)
            used = _series.advance(
                model._records.view(np.uint8).reshape(-1, SERIES.itemsize),
                model._pool.array,
                self._rows[part],
                self._values[part],
                self._local_ms,
                self._progress[part],
                leaves.view(np.uint8).reshape(-1, LEAF.itemsize),
                self.ln_p[part],
                self.ln_evidence[part],
                self.typical[part],
                self.lower[part],
                self.upper[part],
                self._first,
                config.bucket_span_ms,
                SIDES[config.side],
                config.non_negative,
                self._learn,
                self.bounds,
                config.ln_threshold,
            )
            leaves["row"][:used] += part.start
            found.append(leaves[:used])
            if used < room:
                return found


def probability(predictive: Leaves, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Natural log of the probability of other values of the same series and buckets. Pure.

    Args:
        predictive: [k] distributions, `flagged["predictive"]` of a `Judged`.
        values: [k] values to judge; NaN gives NaN.
    """
    out = np.empty(len(values))
    packed = np.ascontiguousarray(predictive, PREDICTIVE).view(np.uint8).reshape(-1, PREDICTIVE.itemsize)
    _series.probability(packed, np.ascontiguousarray(values, np.float64), out)
    return out
