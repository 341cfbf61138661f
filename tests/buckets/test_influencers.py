"""Influencer values live no longer than the open buckets that use them."""

from barograph.buckets import Buckets
from tests.buckets import support
from tests.buckets.support import SPAN, frame, make_job, one, run


def test_near_unique_influencers_are_forgotten_with_their_buckets():
    job = make_job([one("count")], influencers=["user"])
    buckets = Buckets.build(job)
    for minute in range(50):
        buckets.add(*frame(job, [{"time": minute * SPAN, "user": f"u{minute}-{i}"} for i in range(100)]))
        closed = buckets.take()
        assert len(buckets._influencers.texts["user"]) <= 100
    assert buckets.snapshot()["influencers0.arena"].size < 1_000
    frame_ = closed.detectors[0].history_shares("count", closed.first_bucket, closed.end_bucket)
    assert sorted(frame_["influencer_field_value"]) == sorted(f"u48-{i}" for i in range(100))


def test_forgetting_an_influencer_does_not_show_in_a_snapshot():
    job = make_job([one("count")], influencers=["user"])
    rows = [{"time": 0, "user": "a"}, {"time": SPAN, "user": "b"}, {"time": SPAN, "user": "a"}]
    (_, whole), (_, parts) = run(job, [rows]), run(job, [[row] for row in rows])
    assert support.snapshot(whole) == support.snapshot(parts)
