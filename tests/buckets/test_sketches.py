"""Distinct counts and medians of many values."""

import numpy as np

from tests.buckets import support
from tests.buckets.support import SPAN, cells, make_job, one, run


def test_large_sketches_survive_a_snapshot_in_the_middle_of_a_bucket():
    job = make_job([one("median"), {"function": "distinct_count", "field_name": "user"}], influencers=["site"])
    rng = np.random.default_rng(2)
    rows = [{"time": 0, "x": float(x), "user": f"{int(x * 1e6)}", "site": "s"} for x in rng.normal(size=9_000)]
    rows += [{"time": SPAN}]
    chunks = [rows[:2_000], rows[2_000:4_099], rows[4_099:5_000], rows[5_000:]]
    (whole, a), (parts, b) = run(job, [rows]), run(job, chunks, resume=True)
    assert support.bits(cells(whole)) == support.bits(cells(parts))
    assert support.shares(whole) == support.shares(parts)
    assert support.snapshot(a) == support.snapshot(b)
    (_, c) = run(job, [*chunks[:3], chunks[3][:100]], resume=True)
    (_, d) = run(job, [rows[:5_100]])
    assert support.snapshot(c) == support.snapshot(d)
