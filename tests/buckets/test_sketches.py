"""Distinct counts, information and medians of many values."""

import numpy as np

from tests.buckets import support
from tests.buckets.support import SPAN, cells, make_job, one, run
from tests.oracle.fold import runs_of


def test_large_sketches_survive_a_snapshot_in_the_middle_of_a_bucket():
    texts = [{"function": name, "field_name": "user"} for name in ("distinct_count", "info_content")]
    job = make_job([one("median"), *texts], influencers=["site"])
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


def information(texts: list[str | None]) -> float:
    """The information in the texts of one bucket; NaN for no data."""
    job = make_job([{"function": "info_content", "field_name": "user"}])
    (closed,), _ = run(job, [[*({"time": 0, "user": text} for text in texts), {"time": SPAN, "user": "next"}]])
    return float(next(iter(cells([closed]).values()), np.nan))


def test_information_is_what_is_new_in_bytes():
    assert information(["abcdefgh"]) == 8
    assert information(["abcdefgh", "abcdefgh"]) == 8, "what is said twice says nothing more"
    assert information(["abcdefgh", "abcdefgz"]) == 9, "one byte differs"
    assert information(["a" * 5_000]) == 5
    assert information(["https://example.com/" + page for page in ("one", "two", "six")]) == 20 + 3 * 3
    assert information(["\u00e9"]) == 2
    assert information([""]) == 0, "a text without a byte is a value, and says nothing"
    assert np.isnan(information([None])), "no text is no data"


def test_information_of_very_many_texts_is_a_sample_that_holds():
    rng = np.random.default_rng(3)
    texts = ["".join(map(chr, row)) for row in rng.integers(97, 123, (20_000, 12))]
    wanted = len(set().union(*map(runs_of, texts)))
    assert wanted > 100_000
    assert abs(information(texts) / wanted - 1) < 4 * 0.019
