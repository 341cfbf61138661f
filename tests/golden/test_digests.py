"""What a user sees stays the same, to the last bit: the digest of every column of the results of the golden jobs.

Which change may move them: one that is meant to move results, and says so in its commit message and the changelog, with what
was measured. No other. Run as a program, this writes `digests.json` anew and says what has changed:
`python -m tests.golden.test_digests`.
"""

import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.golden import engine_jobs, store_jobs
from tests.golden.digest import Digests, differences, digests

PINNED: Final = Path(__file__).with_name("digests.json")

JOBS: Final[dict[str, Callable[[Path], engine_jobs.Tables]]] = {
    **{name: partial(lambda make, _: make(), make) for name, make in engine_jobs.JOBS.items()},
    **store_jobs.JOBS,
}


def pinned() -> dict[str, Digests]:
    return json.loads(PINNED.read_text(encoding="utf-8")) if PINNED.exists() else {}


@pytest.mark.parametrize("name", JOBS)
def test_results_are_the_same_to_the_last_bit(name: str, tmp_path: Path) -> None:
    changed = differences(digests(JOBS[name](tmp_path)), pinned()[name])
    assert not changed, "\n".join([f"job {name!r} gives other results:", *changed])


def test_every_pinned_job_is_run() -> None:
    assert list(pinned()) == list(JOBS)


def main() -> None:
    before, now = pinned(), dict[str, Digests]()
    for name, make in JOBS.items():
        with tempfile.TemporaryDirectory() as folder:
            now[name] = digests(make(Path(folder)))
        for line in differences(now[name], before.get(name, {})):
            print(f"{name}: {line}")
    PINNED.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
