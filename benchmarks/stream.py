"""One series without a job: values a second through `barograph.Stream`, and through `barograph.score`, on one core.

    python benchmarks/stream.py [--values 20000]

CPU time. The stream takes 5-minute values one by one, given by their epoch ms; the whole array goes in at once.
"""

import argparse
import time

import numpy as np

from barograph.engine.score import score
from barograph.engine.stream import Stream

SPAN_MS = 300_000
START_MS = 1_700_006_400_000


def data(kind: str, n: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    if kind == "counts":
        return rng.poisson(20.0, n) * 1.0
    x = rng.normal(100.0, 5.0, n)
    return x + 30 * np.sin(2 * np.pi * np.arange(n) / 288) if kind == "daily" else x


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--values", type=int, default=20_000)
    n = parser.parse_args().values
    times = START_MS + SPAN_MS * np.arange(n)
    print("| series | stream: us a value | values a second | score: us a value |\n|---|---|---|---|")
    for kind in ("normal", "daily", "counts"):
        x = data(kind, n)
        stream = Stream("5m")
        pairs = list(zip(times.tolist(), x.tolist(), strict=True))
        started = time.process_time()
        for at, value in pairs:
            stream.update(at, value)
        streamed = time.process_time()
        score(x, times)
        one, whole = (streamed - started) / n, (time.process_time() - streamed) / n
        print(f"| {kind} | {one * 1e6:,.0f} | {1 / one:,.0f} | {whole * 1e6:.2f} |")


if __name__ == "__main__":
    main()
