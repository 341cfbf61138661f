"""Replays a job, or lets it forget. Prints a line a stretch, `learned` after the last, then `committing` at each commit.

Usage: python replayer.py DATA_DIR replay|forget START_MS END_MS [URL]
"""

import sys
from pathlib import Path

import sqlalchemy as sa

from barograph.engine.exclusions import Exclusion
from barograph.jobs.forget import forget
from barograph.jobs.replay import replay
from barograph.store.store import Store


class Told:
    """What has been printed."""

    learned = False

    def tell(self, done: int, of: int) -> None:
        self.learned = done == of
        print("learned" if self.learned else done, flush=True)

    def committing(self, _: sa.Connection) -> None:
        if self.learned:
            print("committing", flush=True)


def main(data_dir: str, verb: str, start_ms: str, end_ms: str, url: str | None = None) -> None:
    told = Told()
    with Store.open(url, Path(data_dir)) as store:
        sa.event.listen(store._database.engine, "commit", told.committing)
        if verb == "replay":
            replay(store, "requests", told.tell)
        else:
            forget(store, "requests", Exclusion(int(start_ms), int(end_ms)), told.tell)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
