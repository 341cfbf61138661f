"""Detection quality on labelled data: NAB score of the alerts, VUS-PR and events found of the severities.

    python benchmarks/detection.py --data DIR

DIR holds `nab/` (with `windows.json`), `mscloud/`, `nasa/`, `kpi/` and `synth/metrics/` of labelled series. Everything is
scored by `univariate.py` in one configuration; the scorers read the labels, the engine never does.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SETS = ("mscloud", "nasa", "kpi", "synth")


def run(script: str, *args: object) -> None:
    done = subprocess.run([sys.executable, str(HERE / script), *map(str, args)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{script} failed:\n{done.stderr}")
    if script == "univariate.py":
        print(done.stdout.strip())


def nab(data: Path, out: Path) -> list[str]:
    run("scorers/nab_score.py", out / "nab/alert", "--labels", data / "nab/windows.json", "--json", out / "nab.json")
    profiles = json.loads((out / "nab.json").read_text())["profiles"]
    names = {"standard": "standard", "reward_low_FP_rate": "reward low FP rate", "reward_low_FN_rate": "reward low FN rate"}
    return [
        f"| NAB public half, {title} | {profiles[name]['score']:.1f} | {profiles[name]['found']}/{profiles[name]['windows']} | "
        f"{profiles[name]['fp_rows']} |"
        for name, title in names.items()
    ]


def vus(data: Path, out: Path) -> list[str]:
    rows, every = [], []
    for name in SETS:
        run("scorers/vus_score.py", out / name / "severity", data / name, "--quiet", "--json", out / f"{name}.json")
        series = [one for one in json.loads((out / f"{name}.json").read_text()).values() if "VUS-PR" in one]
        every += series
        rows.append(row(name, series))
    return [*rows, row("all four", every)]


def row(name: str, series: list[dict]) -> str:
    means = [sum(one[key] for one in series) / len(series) for key in ("VUS-PR", "ev-recall@1/wk", "ev-recall@5/wk")]
    return f"| {name} | {len(series)} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--keep", type=Path, help="keep the scores here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = args.keep or Path(folder)
        for name in ("nab", *SETS):
            run("univariate.py", "--in", args.data / name, "--out", out / name)
        print("\n| alerts | score | windows found | false rows |\n|---|---|---|---|")
        print("\n".join(nab(args.data, out)))
        print("\n| severities | series | VUS-PR | events at 1 false alarm a week | at 5 |\n|---|---|---|---|---|")
        print("\n".join(vus(args.data, out)))


if __name__ == "__main__":
    main()
