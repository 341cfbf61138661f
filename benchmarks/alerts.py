"""How long it takes to judge a bucket that finishes in every job, with many rules.

`python -m benchmarks.alerts [JOBS] [RULES]` prints seconds of CPU of a bucket in which nothing is odd, and of one in which 1 %
of the jobs have an incident. The target is a second.
"""

import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from barograph.alerts.judge import Judge
from barograph.store import rows as stored
from barograph.store import tables
from tests.alerts.making import SPAN, Made, at, job, results, rule

TARGET_S = 1.0


def finish(made: Made, jobs: list[str], bucket: int, odd: dict[str, dict[int, dict[str, float]]]) -> None:
    """One bucket more in every job, as a commit leaves it; without the files, which judging does not read."""
    made.now_ms = at(bucket) + SPAN + 60_000
    with made.service.store.writing() as connection:
        for job_id in jobs:
            found = results(bucket, bucket, odd.get(job_id, {}))
            stored.insert(connection, tables.BUCKET, job_id, found.buckets)
            stored.insert(connection, tables.RECORD, job_id, found.records)
            stored.insert(connection, tables.INFLUENCER, job_id, stored.ranked(found.influencers))
            stored.insert(connection, tables.RECORD_INFLUENCER, job_id, stored.influences(found.records))
        counts, of = tables.DATA_COUNTS, tables.JOB
        connection.execute(counts.delete())
        values = {"latest_bucket_timestamp": at(bucket), "earliest_record_timestamp": at(0)}
        needed = {column.name: 0 for column in counts.c if not column.nullable and column.name != "job_id"} | {"examples": "[]"}
        connection.execute(counts.insert(), [{"job_id": job_id, **needed, **values} for job_id in jobs])
        connection.execute(of.update().values(commits=sa.text("commits + 1")))


def judged(judge: Judge) -> float:
    began = time.process_time()
    judge.step()
    return time.process_time() - began


def main(jobs: int = 1000, rules: int = 10_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Made(Path(folder) / "data")
        ids = [f"job-{n:04}" for n in range(jobs)]
        made.add(*(job(job_id, f"group-{n % 50}") for n, job_id in enumerate(ids)))
        kinds = ({}, {"on": "buckets"}, {"on": "records", "group_by": "host"}, {"min_score": 50})
        made.alerts.rules.put_all(
            [rule(f"rule-{n:05}", jobs=[ids[n % jobs]], **kinds[n % len(kinds)]) for n in range(rules - 20)]
            + [rule(f"wide-{n:02}", jobs=[f"group-{n}" if n % 2 else "job-00*"]) for n in range(20)]
        )
        finish(made, ids, 39, {})
        judged(made.judge)  # rules and jobs are read once
        finish(made, ids, 40, {})
        quiet = judged(made.judge)
        finish(made, ids, 41, {job_id: {41: {"a": 99.0, "b": 90.0}} for job_id in ids[::100]})
        odd = judged(made.judge)
        raised = len(made.rows())
        made.close()
    print(f"{jobs:,} jobs, {rules:,} rules, seconds of CPU: {quiet:.2f} a quiet bucket, {odd:.2f} one with {raised} alerts")
    if max(quiet, odd) > TARGET_S:
        sys.exit(1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
