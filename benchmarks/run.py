"""Every figure of docs/benchmarks.md, printed as Markdown tables.

    python benchmarks/run.py [--data DIR] > figures.md

Without --data the detection benchmarks, which need labelled series, are left out and said to be.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SPEED = (
    *("intake.py", "buckets.py", "kernels.py", "stream.py", "pipeline.py", "functions.py", "live.py", "replay.py"),
    *("sparse.py", "server.py", "server_index.py", "server_results.py", "index.py"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path)
    args = parser.parse_args()
    for script in SPEED:
        print(f"\n## {script}\n", flush=True)
        subprocess.run([sys.executable, str(HERE / script)], check=True)
    if args.data is None:
        print("\nforest.py and detection.py were left out: they need --data DIR with labelled series.")
        return
    print("\n## forest.py\n", flush=True)
    subprocess.run([sys.executable, str(HERE / "forest.py"), "--data", str(args.data)], check=True)
    print("\n## detection.py\n", flush=True)
    subprocess.run([sys.executable, str(HERE / "detection.py"), "--data", str(args.data)], check=True)


if __name__ == "__main__":
    main()
