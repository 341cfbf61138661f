"""Categories are those that people made of logs of many kinds, without a setting for any of them.

The logs are LogHub's, which are for research: they are read where they lie, and no part of this project.
"""

import csv
import gzip
from collections import defaultdict
from pathlib import Path

import pytest

from tests.categorize.messages import assigned, fresh

LOGHUB = Path(__file__).parents[2].parent / "shared" / "data" / "loghub"
SETS = sorted(path.name for path in LOGHUB.glob("*"))


def of_set(name: str) -> tuple[float, float]:
    """Grouping accuracy of lines, and its F1 of groups."""
    with gzip.open(LOGHUB / name / f"{name}_2k.log_structured.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    truth, found = defaultdict(list), defaultdict(list)
    for line, (row, category) in enumerate(zip(rows, assigned(fresh(), [row["Content"] for row in rows]), strict=True)):
        truth[row["EventId"]].append(line)
        found[category].append(line)
    exact = [lines for lines in found.values() if lines in truth.values()]
    precision, recall = len(exact) / len(found), len(exact) / len(truth)
    return sum(map(len, exact)) / len(rows), 2 * precision * recall / (precision + recall)


@pytest.mark.skipif(not SETS, reason="LogHub is not here")
def test_groups_are_those_of_people_in_logs_of_all_kinds():
    accuracy = [of_set(name) for name in SETS]
    assert sum(lines for lines, _ in accuracy) / len(SETS) > 0.90  # Drain3 with generic masks: 0.759
    assert sum(groups for _, groups in accuracy) / len(SETS) > 0.88  # ... 0.770
