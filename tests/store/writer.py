"""Commits one bucket after another to a store until it is killed; prints the number of each commit that is acknowledged.

Usage: python writer.py DATA_DIR [URL]
"""

import sys
from pathlib import Path

import making

from barograph.store.job_rows import InputProgress
from barograph.store.store import Store


def main(data_dir: str, url: str | None = None) -> None:
    with Store.open(url, Path(data_dir)) as store, store.lock("web", wait_s=10):
        saved = store.resume("web")
        number = int(saved.snapshot.arrays["buckets.watermark"][0]) if saved else 0
        while True:
            progress = InputProgress("/data", 1, "00", number + 1)
            store.commit("web", making.results(number, 1), making.snapshot(number + 1), [progress])
            number += 1
            print(number, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
