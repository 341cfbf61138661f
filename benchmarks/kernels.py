"""Cost of the series model: nanoseconds a series-bucket on one core, bytes a series, and what a second core is worth.

    python benchmarks/kernels.py [--series 10000] [--buckets 2000] [--chunk 250]

CPU time, not wall time, but for the line about threads, which wants an idle machine.
"""

import argparse
import time
from collections import Counter

import numpy as np

from barograph.models import ModelConfig, SeriesModel
from barograph.models.state import SERIES

SPAN = 300_000


def data(kind: str, series: int, buckets: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    if kind == "counts":
        return rng.poisson(20.0, (series, buckets)) * 1.0
    x = rng.normal(100.0, 5.0, (series, buckets))
    return x + 30 * np.sin(2 * np.pi * np.arange(buckets) / 288) if kind == "daily" else x


def measure(x: np.ndarray, chunk: int, bounds: float | None, threads: int) -> tuple[float, float, SeriesModel]:
    """(CPU, wall) nanoseconds a series-bucket, and the model."""
    model = SeriesModel.build(ModelConfig(SPAN, bounds_percentile=bounds, threads=threads))
    model.grow(len(x))
    cpu, wall = time.process_time(), time.perf_counter()
    for start in range(0, x.shape[1], chunk):
        model.advance(np.ascontiguousarray(x[:, start : start + chunk]), start * SPAN)
    return (time.process_time() - cpu) / x.size * 1e9, (time.perf_counter() - wall) / x.size * 1e9, model


def parts() -> Counter[str]:
    """Bytes of the record by part."""
    sizes: Counter[str] = Counter()
    for name, (kind, *_) in (SERIES.fields or {}).items():
        part, dot, _ = name.partition(".")
        sizes[part if dot else "clock"] += kind.itemsize
    return sizes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--buckets", type=int, default=2_000)
    parser.add_argument("--chunk", type=int, default=250)
    options = parser.parse_args()
    for kind in ("normal", "daily", "counts"):
        x = data(kind, options.series, options.buckets)
        plain, wall, model = measure(x, options.chunk, None, 1)
        bounded, _, _ = measure(x, options.chunk, 95.0, 1)
        _, two, _ = measure(x, options.chunk, None, 2)
        state = model.snapshot()
        size = sum(array.nbytes for array in state.values()) / len(x)
        print(f"{kind:<8} {plain:5.0f} ns, with bounds {bounded:5.0f} ns; two threads {wall / two:.2f}x; {size:.0f} B a series")
    print(f"record {SERIES.itemsize} B: " + ", ".join(f"{part} {size} B" for part, size in parts().items()))


if __name__ == "__main__":
    main()
