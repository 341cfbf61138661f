"""Categories of log messages: whether they are those that people made, and how many messages a second.

    python benchmarks/categories.py LOGHUB_DIR OUT     then the judge: loghub_ga.py OUT --loghub LOGHUB_DIR

LOGHUB_DIR holds `NAME/NAME_2k.log_structured.csv.gz` of LogHub's sets. Writes `OUT/NAME.ids`, the category of each message as
it was told when the message came; nothing is known of a set beforehand, and all have the same settings: none. Seconds are CPU
time of all threads, from a column of messages to their ids, of messages that differ in all their numbers.
"""

import csv
import gzip
import sys
import time
from pathlib import Path

import polars as pl

from barograph.categorize import Categories
from barograph.config.fields import text_column
from barograph.config.job import Job

JOB = Job.model_validate(
    {
        "job_id": "logs",
        "analysis_config": {
            "detectors": [{"function": "count", "by_field_name": "mlcategory"}],
            "categorization_field_name": "message",
        },
    }
)
ROWS = 200_000


def categories(messages: list[str]) -> list[str]:
    """The category of each message."""
    made = Categories.build(JOB)
    assert made is not None
    return made.add(pl.DataFrame({text_column("message"): messages}))[text_column("mlcategory")].to_list()


def main() -> None:
    """Write the ids of each set, and print the speed."""
    loghub, out = map(Path, sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    some: list[str] = []
    for path in sorted(loghub.glob("*/*_2k.log_structured.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            messages = [row["Content"] for row in csv.DictReader(file)]
        (out / f"{path.parent.name}.ids").write_text("\n".join(categories(messages)) + "\n")
        some += messages
    different = [f"{some[at % len(some)]} {at}" for at in range(ROWS)]
    started = time.process_time()
    categories(different)
    print(f"{ROWS / (time.process_time() - started):,.0f} messages a second, all of them different")


if __name__ == "__main__":
    main()
