"""What an entity's rows do to a bucket value is the value less what it would be had they not come."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.buckets.effects import Rows, effects
from tests.buckets.support import SPAN, make_job, one, run
from tests.oracle.influence import STATISTICS, own_texts, pull, without

TEXTS = ("distinct_count", "info_content")
bucket = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d", None]), st.integers(-5, 9)), min_size=1, max_size=40)


def found(statistic: str, rows: list[tuple[str | None, int]]):
    """The shares of one bucket, and what each does to its value."""
    detector = one("count") if statistic == "count" else one(statistic, field_name="kind" if statistic in TEXTS else "x")
    stream = [{"time": 0, "x": float(x), "kind": f"{x}", "user": who} for who, x in rows] + [{"time": SPAN}]
    (closed,), _ = run(make_job([detector], influencers=["user"]), [stream])
    values = closed.detectors[0]
    shares, cell = values.shares_between(statistic, 0, 1)
    cells = values.cells[statistic]
    numbers = {name: shares[name].fill_null(np.nan).to_numpy() for name in ("weight", "value", "mean", "m2", "without")}
    owned = Rows(cell, np.zeros(min(len(cell), 1), np.int64), **numbers)
    return shares, effects(statistic, owned, cells.actual, cells.weight, cells.mean), cells.actual[0]


@pytest.mark.parametrize("statistic", STATISTICS)
@given(rows=bucket)
@settings(max_examples=60, deadline=None)
def test_an_effect_is_the_value_less_that_without_the_rows(statistic, rows):
    shares, effect, actual = found(statistic, rows)
    if len(rows) < 2 and statistic == "varp":
        return
    assert actual == pytest.approx(STATISTICS[statistic]([x for _, x in rows]))
    for entity, got in zip(shares["influencer_field_value"], effect.tolist(), strict=True):
        rest = without(statistic, rows, {entity})
        if statistic in TEXTS:
            rest = actual - own_texts(statistic, rows, entity)  # whether rows of nobody have a text, too, is not known
        if statistic in ("min", "max") and None in {who for who, _ in rows}:
            named = [row for row in rows if row[0] is not None]
            holds = STATISTICS[statistic]([x for _, x in named]) == actual  # else nobody's rows do
            rest = without(statistic, named, {entity}) if holds else actual
        assert got == pytest.approx(actual - rest, abs=1e-9, nan_ok=True)


@given(rows=bucket)
@settings(max_examples=100, deadline=None)
def test_medians_are_told_without_all_who_pull_more(rows):
    shares, _, _ = found("median", rows)
    entities = shares["influencer_field_value"].to_list()
    for column, side in (("without_higher", 1), ("without_lower", -1)):
        told = dict(zip(entities, shares[column], strict=True))
        gone: list[str] = []
        for entity in sorted(entities, key=lambda who: -side * pull(rows, who)):
            if side * pull(rows, entity) <= 0:
                assert told[entity] is None
                continue
            gone.append(entity)
            wanted = without("median", rows, gone)
            assert told[entity] == (None if np.isnan(wanted) else wanted)


@given(rows=bucket)
@settings(max_examples=60, deadline=None)
def test_distinct_counts_are_told_without_all_who_have_more_of_their_own(rows):
    shares, _, actual = found("distinct_count", rows)
    entities = shares["influencer_field_value"].to_list()
    told = dict(zip(entities, shares["without_higher"], strict=True))
    gone: list[str] = []
    kept = {who: len({x for other, x in rows if other == who}) for who in entities}
    for entity in sorted(entities, key=lambda who: (-own_texts("distinct_count", rows, who), -kept[who])):
        gone.append(entity)
        left = {x for who, x in rows if who in entities and who not in gone}
        removed = {x for who, x in rows if who in gone} - left
        assert told[entity] == actual - len(removed)
        assert shares["without_lower"].is_null().all()


def test_large_medians_without_an_entity_are_as_exact_as_medians():
    rng = np.random.default_rng(3)
    rows = [("a", int(x)) for x in rng.integers(0, 10**6, 20_000)] + [
        ("b", int(x)) for x in rng.integers(10**6, 2 * 10**6, 8_000)
    ]
    rng.shuffle(rows)
    pairs = [(str(who), int(x)) for who, x in rows]
    shares, _, _ = found("median", pairs)
    told = dict(zip(shares["influencer_field_value"], shares["without"], strict=True))
    for entity in "ab":
        values = np.sort([x for who, x in pairs if who != entity])
        rank = np.searchsorted(values, told[entity]) / len(values)
        assert abs(rank - 0.5) < 0.01


def test_large_distinct_counts_without_an_entity():
    pairs = [("a", x) for x in range(9_000)] + [("b", x) for x in range(8_000, 14_000)]
    shares, _, actual = found("distinct_count", pairs)
    told = dict(zip(shares["influencer_field_value"], shares["without"], strict=True))
    assert actual == pytest.approx(14_000, rel=0.06)
    assert told["a"] == pytest.approx(6_000, rel=0.08)
    assert told["b"] == pytest.approx(9_000, rel=0.08)
