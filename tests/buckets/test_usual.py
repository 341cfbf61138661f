"""What entities usually add is told of odd buckets and learnt from all others, however time is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.buckets import Buckets, Usual
from barograph.buckets import usual as module
from barograph.kernels._usual import MISSED
from barograph.results.leaf import LEAF
from barograph.results.snapshot import Snapshot
from tests.buckets.support import SPAN, frame, make_job, one
from tests.oracle.influence import UsualSeries

FIELDS = ("user",)
row = st.tuples(st.integers(0, 12), st.sampled_from(["s", "t"]), st.sampled_from(["a", "b", "c", None]))


def leaves(odd, typical=1.0):
    out = np.zeros(len(odd), LEAF)
    out["bucket"], out["series"] = zip(*odd, strict=True) if odd else ((), ())
    out["typical"] = typical
    return out


def told(rows, odd, cuts=(), resume=False, most=module.NO_BOUND):
    """What is told of the odd (bucket, series), and the snapshot at the end."""
    job = make_job([one("count", partition_field_name="site")], influencers=FIELDS)
    buckets, usual, out = Buckets.build(job), Usual.build("count", FIELDS, SPAN, most=most), []
    events = sorted(rows, key=lambda one: one[0])
    for start, end in zip((0, *cuts), (*cuts, 13), strict=True):
        piece = [{"time": b * SPAN, "site": s, "user": u} for b, s, u in events if start <= b < end]
        buckets.add(*frame(job, [*piece]))
        buckets.flush(end * SPAN)
        done = buckets.take()
        if done is None:
            continue
        if resume:
            usual = Usual.build("count", FIELDS, SPAN, Snapshot.from_bytes(Snapshot(usual.snapshot()).to_bytes()).arrays, most)
        known = len(done.detectors[0].known)
        mine = [(b, s) for b, s in sorted(odd) if done.first_bucket <= b < done.end_bucket and s < known]
        found = usual.tell_and_learn(done.detectors[0], done.first_bucket, done.end_bucket, leaves(mine))
        out += [(*mine[leaf], *rest) for leaf, *rest in found.rows()]
    return out, usual.snapshot()


odd = st.sets(st.tuples(st.integers(0, 12), st.integers(0, 1)), max_size=8)


@given(rows=st.lists(row, min_size=1, max_size=80), odd=odd)
@settings(max_examples=80, deadline=None)
def test_what_is_told_is_what_the_oracle_remembers(rows, odd):
    found, _ = told(rows, odd)
    names = list(dict.fromkeys(site for _, site, _ in sorted(rows, key=lambda one: one[0])))
    decay = 1.0 - 1.0 / (module.MEMORY_DAYS * 86_400_000 / SPAN)
    for number, site in enumerate(names):
        series = UsualSeries()
        for bucket in range(13):
            users = [who for b, s, who in rows if (b, s) == (bucket, site)]
            there = {who: (float(users.count(who)), float(users.count(who))) for who in users if who is not None}
            mine = {r[3]: r[4:] for r in found if r[:2] == (bucket, number)}
            if (bucket, number) not in odd:
                assert not mine
                if there:
                    series.learn(float(len(users)), float(len(users)), there)
                continue
            wanted = series.told(there, decay, MISSED)
            if not any(who is not None for b, s, who in rows if s == site and b <= bucket):
                continue  # the series has not begun
            assert set(mine) == set(wanted)
            actual = sum(decay**age * cell[0] for age, cell in enumerate(reversed(series.cells)))
            count = sum(decay**age for age in range(len(series.cells)))
            scale = 1.0 / (actual / count) if count else 1.0
            for name, (effect, square, share) in wanted.items():
                weight, *_, did, usual, spread, usual_share = mine[name]
                assert (weight, did) == there.get(name, (0.0, 0.0))
                assert usual == pytest.approx(effect * scale)
                assert spread == pytest.approx(np.sqrt(max(square - effect**2, 0.0)) * scale, abs=1e-6 * scale)
                assert usual_share == pytest.approx(share)


@given(rows=st.lists(row, min_size=1, max_size=60), odd=odd, cuts=st.sets(st.integers(1, 12), max_size=4))
@settings(max_examples=60, deadline=None)
def test_cuts_and_snapshots_change_nothing(rows, odd, cuts):
    whole, state = told(rows, odd)
    parts, resumed = told(rows, odd, tuple(sorted(cuts)), resume=True)
    assert np.array_equal(np.array(whole, object).astype(str), np.array(parts, object).astype(str))
    assert Snapshot(state).to_bytes() == Snapshot(resumed).to_bytes()


def test_who_is_rare_is_forgotten_where_there_are_many(monkeypatch):
    monkeypatch.setattr(module, "MANY", 20)
    rows = [(b, "s", "always") for b in range(13) for _ in range(9_000)]
    rows += [(b, "s", f"once {b} {i}") for b in range(13) for i in range(15)]
    whole, state = told(rows, {(12, 0)})
    assert len(state["field0.entities"]) < 60
    assert len(state["field0.texts.texts"]) == len(state["field0.entities"])
    parts, resumed = told(rows, {(12, 0)}, tuple(range(1, 13)), resume=True)
    assert [r[3] for r in whole if r[4] > 100] == ["always"]
    assert np.array_equal(np.array(whole, object).astype(str), np.array(parts, object).astype(str))
    assert Snapshot(state).to_bytes() == Snapshot(resumed).to_bytes()


def test_where_there_is_no_room_those_with_small_shares_are_forgotten_and_counted():
    """Forty who are there in each bucket, none of them rare, where there is room for twenty."""
    rows = [(b, "s", f"u{i:02}") for b in range(13) for i in range(40) for _ in range(1 + i)]
    whole, state = told(rows, {(12, 0)}, most=20)
    assert int(state["field0.left_out"][0]) > 100
    usual = {r[3]: r[-3] for r in whole}
    assert [usual[f"u{i:02}"] for i in range(31, 40)] == pytest.approx(
        [(1 + i) / 820 for i in range(31, 40)]
    )  # of all 820 rows
    assert usual["u00"] < 0.1 / 820  # it is as new in each bucket
    parts, resumed = told(rows, {(12, 0)}, tuple(range(1, 13)), resume=True, most=20)
    assert np.array_equal(np.array(whole, object).astype(str), np.array(parts, object).astype(str))
    assert Snapshot(state).to_bytes() == Snapshot(resumed).to_bytes()
    assert "field0.left_out" not in told(rows, set())[1]
