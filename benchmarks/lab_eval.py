"""Score the series model on all labelled series: NAB (alerts) and VUS-PR / events at k false alarms a week (severity).

    python benchmarks/lab_eval.py [--data ../shared/data] [--tools ../shared/tools] [--fast] [--per-group]

One configuration for every series: bucket span = usual step, rows of a bucket averaged, causal, both sides.
"""

import argparse
import csv
import gzip
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from barograph.models import ModelConfig, SeriesModel

SETS = ("mscloud", "nasa", "kpi", "synth")


@dataclass(frozen=True)
class Case:
    name: str
    times: np.ndarray
    values: np.ndarray
    labels: np.ndarray
    span_ms: int


def load(root: Path, folders: tuple[str, ...]) -> list[Case]:
    cases = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*.csv.gz")):
            if "events" in path.parts:
                continue
            with gzip.open(path, "rt", newline="") as lines:
                rows = list(csv.DictReader(lines))
            times = (
                np.array([row["timestamp"].strip().replace(" ", "T")[:19] for row in rows], "datetime64[s]").astype(np.int64)
                * 1000
            )
            values = np.array([float(row["value"] or "nan") for row in rows])
            labels = np.array([int(float(row.get("label") or 0)) for row in rows])
            steps = np.diff(times)
            span = int(np.median(steps[steps > 0]))
            cases.append(Case(str(path.relative_to(root)), times, values, labels, span))
    return cases


def run(case: Case) -> tuple[np.ndarray, np.ndarray, SeriesModel]:
    """(ln_p, ln_evidence) of each row: those of its bucket."""
    bucket = case.times // case.span_ms
    first, n = int(bucket.min()), int(bucket.max() - bucket.min() + 1)
    known = ~np.isnan(case.values)
    total = np.bincount(bucket[known] - first, case.values[known], n)
    count = np.bincount(bucket[known] - first, minlength=n)
    with np.errstate(invalid="ignore"):
        x = np.where(count > 0, total / count, np.nan)
    model = SeriesModel.build(ModelConfig(case.span_ms))
    model.grow(1)
    judged = model.advance(x[None], first * case.span_ms)
    at = bucket - first
    return np.nan_to_num(judged.ln_p[0][at]), np.nan_to_num(judged.ln_evidence[0][at]), model


def news(severity: np.ndarray, decay: float = 1 / 200, margin: float = 1.0) -> np.ndarray:
    """Severity of new events: what stays below the decayed peak of the running episode is no news."""
    out = np.empty(len(severity))
    peak, keep = 0.0, float(np.exp(-decay))
    for i, s in enumerate(severity.tolist()):
        peak *= keep
        out[i] = s if s > peak + margin else 0.3 * s
        peak = max(peak, s)
    return out


def nab(scorer, cases, alerts, root):
    labels = json.loads((root / "nab/windows.json").read_text())
    made = []
    for case, alert in zip(cases, alerts, strict=True):
        key = case.name.removeprefix("nab/").removesuffix(".gz")
        windows = [tuple(scorer.parse_times(list(w))) for w in labels[key]]
        made.append(scorer.FileCase(key, case.times.astype("datetime64[ms]").astype("datetime64[us]"), alert, windows))
    return scorer.evaluate(made), scorer.oracle(made)


def vus(scorer, cases, severities, window):
    table = {}
    for case, severity in zip(cases, severities, strict=True):
        span = float(case.times[-1] - case.times[0]) / 1000
        row = scorer.score_series((case.labels > 0).astype(int), severity, np.nan_to_num(case.values), span, 0.15, window)
        if "VUS-PR" in row:
            table[case.name] = row
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--tools", type=Path, default=Path("../shared/tools"))
    parser.add_argument("--fast", action="store_true", help="VUS with a buffer of 20 rows instead of one period")
    parser.add_argument("--per-file", action="store_true")
    parser.add_argument("--p", action="store_true", help="score ln p instead of ln evidence")
    options = parser.parse_args()
    sys.path.insert(0, str(options.tools))
    import nab_score  # noqa: PLC0415
    import vus_score  # noqa: PLC0415

    start = time.process_time()
    cases, others = load(options.data, ("nab",)), load(options.data, SETS)
    read = time.process_time()
    which = 0 if options.p else 1
    severities = [-run(case)[which] for case in cases]
    rest = [-run(case)[which] for case in others]
    ran = time.process_time()
    report, bound = nab(nab_score, cases, [news(s) for s in severities], options.data)
    for name, r in report.items():
        print(
            f"NAB {name:<20} {r['score']:6.2f} threshold {r['threshold']:.2f} found {r['found']}/{r['windows']} fp {r['fp_rows']} oracle {bound[name]:.1f}"
        )
    for name, c in sorted(report["standard"]["categories"].items()):
        print(f"    {name:<24} {c['found']:>3}/{c['windows']:<3} fp {c['fp_rows']:<4} {c['normalised']:.1f}")
    if options.per_file:
        for name, f in sorted(report["standard"]["files"].items(), key=lambda item: -item[1]["lost"]):
            print(f"    {f['lost']:6.2f} lost {f['found']}/{f['windows']} fp {f['fp_rows']} {name}")
    table = vus(vus_score, others, rest, 20 if options.fast else None)
    for group in (*SETS, ""):
        rows = [row for name, row in table.items() if name.startswith(group)]
        figures = " ".join(
            f"{k} {np.mean([row[k] for row in rows]):.3f}" for k in ("VUS-PR", "AUC-PR", "ev-recall@1/wk", "ev-recall@5/wk")
        )
        print(f"{group or 'ALL':<8} {len(rows):>3} {figures}")
    if options.per_file:
        for name, row in table.items():
            print(f"    {row['VUS-PR']:.3f} {row['ev-recall@1/wk']:.2f} {row['segments']} {name}")
    print(f"read {read - start:.1f} s, model {ran - read:.1f} s, scorers {time.process_time() - ran:.1f} s")


if __name__ == "__main__":
    main()
