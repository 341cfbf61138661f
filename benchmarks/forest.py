"""Cost and quality of the random cut forest, beside what was measured of the library behind OpenSearch's anomaly detection.

    python benchmarks/forest.py [--data DIR]

Cost is CPU time of one thread, the median of three runs. Quality is on made data, with precision and recall together; --data
has OpenSearch's own labelled stream, under opensearch/. No setting differs between the rows but the span and the time zone of
that stream, which has times; labels are read by the counting only.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

from barograph.models.forest import ForestConfig, ForestDetector
from barograph.models.forest_trees import Trees, TreesConfig

WARM_UP, MEASURED = 10_000, 20_000
BEFORE = 300  # points that are not counted, as where the others were measured
NEAR = 8  # points within which an incident counts as found

SPEED = (  # what is measured, trees, features, shingle, points per CPU second of the library (two measurements)
    ("detector", 30, 1, 8, "16,145 / 19,556"),
    ("detector", 30, 5, 8, "7,241 / 8,069"),
    ("trees: score and learn", 100, 1, 1, "11,624 / 10,492"),
    ("trees: score and learn", 100, 5, 1, "5,638 / 6,319"),
    ("detector", 50, 1, 8, "13,431 / 8,159"),
)
COSINE = {  # features, independent anomalies: precision and recall of the library, its best setting for either
    (1, False): "0.78 / 0.63",
    (2, False): "0.73 / 0.51",
    (4, False): "0.73 / 0.44",
    (1, True): "0.80 / 0.62",
    (2, True): "0.70 / 0.47",
    (4, True): "0.44 / 0.19",
}


def waves(n: int, features: int, seed: int) -> np.ndarray:
    """Cosines of 50 points with an amplitude of 100 to 120, and noise of up to 5."""
    rng = np.random.default_rng(seed)
    phase, amplitude = rng.integers(0, 50, features), rng.uniform(100, 120, features)
    return amplitude * np.cos(2 * np.pi * (np.arange(n)[:, None] + phase) / 50) + rng.uniform(0, 5, (n, features))


def waves_with_anomalies(features: int, independent: bool, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """5,127 points, 1 % of them with anomalies of 25 to 50, in each feature with a chance of 0.3; and whether one has."""
    x, rng = waves(5_127, features, seed), np.random.default_rng(seed + 1_000_000)
    hit = rng.random((len(x), features if independent else 1)) < 0.01
    hit = hit & (rng.random(x.shape) < 0.3)
    return x + hit * rng.uniform(25, 50, x.shape) * rng.choice([-1, 1], x.shape), hit.any(axis=1)


def detector(features: int, seed: int, trees: int = 50) -> ForestDetector:
    return ForestDetector.build(ForestConfig(TreesConfig(features=features, trees=trees, shingle=8, seed=seed)))


def points_per_second(learn: Callable[[np.ndarray], object], features: int) -> float:
    x = waves(WARM_UP + 3 * MEASURED, features, 0)
    learn(x[:WARM_UP])
    taken = []
    for run in np.split(x[WARM_UP:], 3):
        start = time.process_time()
        learn(run)
        taken.append(time.process_time() - start)
    return MEASURED / median(taken)


def speed() -> None:
    print("| work | trees | features | shingle | points a CPU second | the library's | memory, kB |")
    print("|---|---|---|---|---|---|---|")
    for work, trees, features, shingle, theirs in SPEED:
        if work == "detector":
            whole = detector(features, 0, trees)
            rate = points_per_second(whole.judge_and_learn, features)
            size = whole.nbytes
        else:
            only = Trees.build(TreesConfig(features=features, trees=trees, shingle=shingle))
            rate = points_per_second(only.advance, features)
            size = only.nbytes
        print(f"| {work} | {trees} | {features} | {shingle} | {rate:,.0f} | {theirs} | {size / 1000:.0f} |", flush=True)


def incidents(same: bool) -> tuple[int, int, int, int]:
    """How many of 48 spikes in noise are found at once, and within 8 points; false flags, and points."""
    exact = near = false = points = 0
    for seed in range(3):
        rng = np.random.default_rng(100 + seed)
        x = rng.normal(0, 10, 5_000)
        at = np.sort(rng.choice(np.arange(BEFORE, 4_990), 16, replace=False))
        x[at] += 300 + rng.uniform(-5, 5, 16) if same else rng.uniform(100, 300, 16)
        flags = np.flatnonzero(detector(1, seed).judge_and_learn(x[:, None]).grade > 0)
        after = flags[:, None] - at[None, :]
        within = (after >= 0) & (after < NEAR)
        exact, near = exact + int((after == 0).any(axis=0).sum()), near + int(within.any(axis=0).sum())
        false, points = false + int((~within.any(axis=1) & (flags >= BEFORE)).sum()), points + len(x) - BEFORE
    return exact, near, false, points


def cosine(features: int, independent: bool) -> tuple[float, float]:
    """Mean precision and recall of points over ten seeds."""
    found = []
    for seed in range(11, 21):
        x, hit = waves_with_anomalies(features, independent, seed)
        flag, hit = (detector(features, seed).judge_and_learn(x).grade > 0)[BEFORE:], hit[BEFORE:]
        true = (flag & hit).sum()
        found.append((true / flag.sum() if flag.any() else 1.0, true / hit.sum()))
    precision, recall = np.mean(found, axis=0)
    return float(precision), float(recall)


def stream(data: Path) -> tuple[float, float]:
    """Mean precision of points, and recall of windows, of five seeds on OpenSearch's stream of two features."""
    rows = pl.read_csv(data / "opensearch" / "synthetic_two_features.csv.gz")
    x, label = rows.select("Feature1", "Feature2").to_numpy(), rows["label"].to_numpy() > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], label, [0]]))).reshape(-1, 2)
    found = []
    for seed in range(5):
        trees = TreesConfig(features=2, shingle=8, seed=seed)
        judged = ForestDetector.build(ForestConfig(trees, bucket_span_ms=60_000, time_zone="UTC")).judge_and_learn(x)
        flag = judged.grade > 0
        found.append(((flag & label).sum() / flag.sum(), np.mean([flag[start:end].any() for start, end in edges])))
    precision, recall = np.mean(found, axis=0)
    return float(precision), float(recall)


def going_together(share: float, apart: float, seed: int) -> np.ndarray:
    """1,600 hours of load and latency: a day, and noise of one deviation of which both have a share; at the end twelve hours
    in which each is so many deviations away, in opposite ways."""
    rng, hours = np.random.default_rng(seed), np.arange(1_600)
    common = rng.normal(0, 1, 1_600)
    for i in range(1, 1_600):
        common[i] = 0.9 * common[i - 1] + np.sqrt(1 - 0.9**2) * common[i]
    z = np.sqrt(share) * common[:, None] + np.sqrt(1 - share) * rng.normal(0, 1, (1_600, 2))
    z[-12:] += apart * np.array([1, -1])
    return np.array([100, 50]) + np.array([5, 2]) * (z + 4 * np.sin(2 * np.pi * hours / 24)[:, None])


def parted(share: float, apart: float, with_ratio: bool) -> tuple[int, int]:
    """In how many of 8 series it is told that two features came apart, and false flags in 8 times 900 hours before."""
    found = false = 0
    for seed in range(8):
        x = going_together(share, apart, 200 + seed)
        x = np.column_stack([x, x[:, 0] / x[:, 1]]) if with_ratio else x
        trees = TreesConfig(features=x.shape[1], shingle=8, seed=seed)
        config = ForestConfig(trees, bucket_span_ms=3_600_000, time_zone="UTC")
        flags = np.flatnonzero(ForestDetector.build(config).judge_and_learn(x).grade > 0)
        found, false = found + bool((flags >= 1_588).any()), false + int(((flags >= 688) & (flags < 1_588)).sum())
    return found, false


def correlation() -> None:
    print("\n| noise in common | each is away by | two features: told of 8, false of 7,200 | with their ratio |")
    print("|---|---|---|---|")
    for share in (0.9, 0.99):
        for apart in (1.0, 1.5, 2.0, 3.0):
            two, three = parted(share, apart, with_ratio=False), parted(share, apart, with_ratio=True)
            print(f"| {share:.0%} | {apart} deviations | {two[0]}, {two[1]} | {three[0]}, {three[1]} |", flush=True)


def quality(data: Path | None) -> None:
    print("\n| spikes of 10 to 30 deviations in noise, 48 | at once | within 8 | false of 14,100 | the library's |")
    print("|---|---|---|---|---|")
    for same, theirs in ((False, "9, 26, 3; or 48, 48, 60"), (True, "3, 6, 0; or 48, 48, 57")):
        exact, near, false, points = incidents(same)
        assert points == 14_100
        print(f"| {'all of one size' if same else 'of any size'} | {exact} | {near} | {false} | {theirs} |", flush=True)
    print("\n| cosines, ten seeds | precision / recall | the library's |\n|---|---|---|")
    for (features, independent), theirs in COSINE.items():
        precision, recall = cosine(features, independent)
        kind = "of each by itself" if independent else "of several at once"
        print(
            f"| {features} feature{'s' * (features > 1)}, anomalies {kind} | {precision:.2f} / {recall:.2f} | {theirs} |",
            flush=True,
        )
    if data is None:
        print("\nOpenSearch's stream was left out: it needs --data DIR.")
        return
    precision, recall = stream(data)
    print(f"| OpenSearch's stream, 2 features, 4 windows | {precision:.2f} / {recall:.2f} | 1.00 / 0.75; or 0.88 / 1.00 |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path)
    args = parser.parse_args()
    speed()
    quality(args.data)
    correlation()


if __name__ == "__main__":
    main()
