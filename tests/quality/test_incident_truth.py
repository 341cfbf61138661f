"""Null hypothesis: the engine does not say what a person would say of an incident whose truth is known.

Each series is judged as it is and with one incident put in, so what would have been is known for every bucket. Limits are
means over all incidents, and for each shape of series; a walk keeps to no level, so less is asked of it.
"""

from collections import defaultdict

import numpy as np
import pytest

from tests.quality.incident_data import DAY, INCIDENTS, SHAPES, SPAN_MS, Said, said, series, spread, start_of

WANTED = {
    "first bucket is critical": 0.95,
    "share of buckets at 50 or more": 0.95,
    "value is outside the bounds": 0.97,
    "typical is nearer to what would have been": 0.98,
    "says the right side": 0.99,
    "is critical": 0.98,
}
OF_A_SHAPE, OF_A_WALK = 0.85, 0.7
ECHO = "records of 50 after it"
LATE = 0.4  # share of a series after which it is known


def judge(before: Said, values: np.ndarray, factors: np.ndarray, start: int) -> dict[str, float]:
    """The answers to `WANTED` and `ECHO` of one incident; what cannot be asked of it is not among them."""
    inside = slice(start, start + len(factors))
    would, wrong = values[inside], values[inside] * factors
    with_it = values.copy()
    with_it[inside] = wrong
    now = said(with_it)
    odd = np.abs(wrong - would) > 0.3 * would  # of a storm, not its first and last buckets
    score, typical = now.score[inside], now.typical[inside]
    outside = (wrong < now.lower[inside]) | (wrong > now.upper[inside])
    after = slice(inside.stop, inside.stop + max(2 * len(factors), 12))
    out = {
        "share of buckets at 50 or more": float((score >= 50)[odd].mean()),
        "value is outside the bounds": float(outside[odd].mean()),
        "typical is nearer to what would have been": float((np.abs(typical - would) < np.abs(typical - wrong))[odd].mean()),
        "is critical": float(score.max() >= 75),
        ECHO: float(((now.score[after] >= 50) & (before.score[after] < 50)).sum()),
    }
    if odd[0]:
        out["first bucket is critical"] = float(score[0] >= 75)
    told = odd & (score >= 25)
    if told.any():
        out["says the right side"] = float((now.side[inside] == np.sign(wrong - would))[told].mean())
    return out


@pytest.fixture(scope="module")
def plain() -> dict[str, tuple[np.ndarray, Said]]:
    random = np.random.default_rng(4711)
    made = {shape: series(shape, random) for shape in SHAPES}
    return {shape: (values, said(values)) for shape, values in made.items()}


@pytest.fixture(scope="module")
def answers(plain) -> dict[str, list[dict[str, float]]]:
    """Those of each shape's incidents."""
    random, out = np.random.default_rng(4712), defaultdict(list)
    for shape, (values, before) in plain.items():
        for factors in INCIDENTS.values():
            start = start_of(values, factors, random)
            if start is not None:
                out[shape].append(judge(before, values, factors, start))
    return out


def mean_of(found: list[dict[str, float]], asked: str) -> float:
    return float(np.mean([one[asked] for one in found if asked in one]))


@pytest.mark.parametrize("asked", WANTED)
def test_an_incident_is_told_as_a_person_would(answers, asked):
    assert mean_of([one for each in answers.values() for one in each], asked) >= WANTED[asked]


@pytest.mark.parametrize("asked", WANTED)
def test_no_shape_of_series_is_much_worse(answers, asked):
    found = {shape: mean_of(each, asked) for shape, each in answers.items()}
    short = {shape: share for shape, share in found.items() if share < (OF_A_WALK if shape == "walk" else OF_A_SHAPE)}
    assert short == {}


def test_an_incident_that_is_over_has_no_echo(answers):
    assert mean_of([one for each in answers.values() for one in each], ECHO) <= 0.2


def test_a_shift_for_good_is_accepted_after_a_day(plain):
    days = []
    for shape, (values, _) in plain.items():
        start = int(0.6 * len(values))
        shifted = np.concatenate([values[:start], 1.6 * values[start:]])
        busy = np.flatnonzero(said(shifted).score[start:] >= 25)
        quiet = np.flatnonzero(np.diff(np.concatenate([[-1], busy, [len(values)]])) > DAY)
        days.append(([-1, *busy][quiet[0]] + 1) / DAY)
        if shape == "walk":
            assert days.pop() <= 1.6  # it may be believed sooner
    assert 0.9 <= np.mean(days) <= 1.6


def test_a_series_with_nothing_wrong_is_quiet(plain):
    late = slice(int(LATE * len(next(iter(plain.values()))[0])), None)
    months = sum(len(values[late]) for values, _ in plain.values()) * SPAN_MS / (30 * 86_400_000)
    assert sum((before.score[late] >= 50).sum() for _, before in plain.values()) / months <= 0.5


def test_bounds_hold_what_they_promise_and_are_no_wider_than_they_must(plain):
    held, width = [], []
    for values, before in plain.values():
        late = (np.arange(len(values)) >= LATE * len(values)) & np.isfinite(before.lower)
        held.append(float(((values >= before.lower) & (values <= before.upper))[late].mean()))
        width.append(float(np.median((before.upper - before.lower)[late])) / (3.92 * spread(values)))
    assert 0.93 <= np.mean(held) <= 0.97
    assert np.mean(width) <= 1.3
