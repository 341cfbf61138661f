"""The kernel computes what tests/oracle/series.py says."""

import operator

import numpy as np
import pytest
from scipy import stats

from barograph.config.rule import Condition, Rule
from barograph.models import ChangeKind, ModelConfig, SeriesModel, Shifts
from barograph.models.skips import Skips, bits
from tests.oracle import season as seasons
from tests.oracle import series as oracle

HOUR = 3_600_000
SPAN = 8 * HOUR  # long buckets: no season is found within these tests
N = 320


def series(kind: str, n: int = N) -> np.ndarray:
    rng = np.random.default_rng(5)
    noise = rng.normal(size=n)
    t = np.arange(n)
    x = {
        "normal": lambda: 10 + 2 * noise,
        "spikes": lambda: 10 + 2 * noise + 30 * (rng.random(n) < 0.05),
        "far spikes": lambda: 10 + 2 * noise + 400 * np.isin(t, (40, 90, 97, 150, 172, 201, 260, 266, 300)),
        "log-normal": lambda: np.exp(noise),
        "gamma": lambda: rng.gamma(0.7, 3.0, n),
        "counts": lambda: rng.poisson(3.0, n) * 1.0,
        "many counts": lambda: rng.negative_binomial(5, 0.05, n) * 1.0,
        "memory": lambda: 50 + ar(noise, 0.8),
        "walk": lambda: np.cumsum(noise),
        "repeats": lambda: np.repeat(rng.normal(size=n // 8), 8),
        "mostly zero": lambda: (rng.random(n) < 0.1) * rng.poisson(20.0, n) * 1.0,
        "never zero": lambda: np.where(t % 90 == 80, 0.0, 30 + 5 * noise),
        "step": lambda: noise + 12 * (t > n // 2),
        "there and back": lambda: noise + 12 * ((t > 100) & (t < 180)),
        "outages": lambda: np.where((t % 100 > 60) & (t % 100 < 63 + t // 100), 0.0, 80 + 3 * noise),
        "a low hour": lambda: 10 + noise - 2.0 * ((t > 200) & (t < 230)),
        "wider": lambda: noise * np.where(t > n // 2, 8, 1),
        "narrower": lambda: noise * np.where(t > n // 2, 0.1, 1),
        "gaps": lambda: np.where(rng.random(n) < 0.3, np.nan, np.cumsum(noise)),
        "bend": lambda: noise + 0.15 * np.maximum(t - 150, 0),
        "turn with gaps": lambda: np.where(rng.random(n) < 0.2, np.nan, noise - 0.15 * np.abs(t - 170)),
        "constant": lambda: np.full(n, 7.0) + 2 * (t == 200),
        "another constant": lambda: np.where(t > 200, 9.0, 7.0),
        "counter": lambda: np.cumsum(5 + noise) - np.repeat(np.cumsum(5 + noise)[::60], 60)[:n],
        "restart": lambda: np.cumsum(10 + noise) - 1200 * (t > 180),
        "sawtooth": lambda: 0.3 * (t % 45) + 0.2 * noise,
        "silent counts": lambda: np.where(np.isin(t % 70, (60, 61, 62, 64, 65)), 0.0, rng.poisson(6.0, n)),
        "weekly": lambda: 10 + noise + (30 + noise) * np.isin(t, (40, 61, 62, 82, 83, 103, 104)) + 25 * np.isin(t, (50, 97)),
        "growing bursts": lambda: 10 + noise + np.where(t % 17 < 4, 20.0 * (t % 17) * (1 + t / n), 0.0) * (t % 3 > 0),
    }[kind]()
    return np.asarray(x, float)


def ar(noise: np.ndarray, phi: float) -> np.ndarray:
    out = np.zeros(len(noise))
    for i in range(1, len(noise)):
        out[i] = phi * out[i - 1] + noise[i]
    return out


KINDS = (
    "normal",
    "spikes",
    "far spikes",
    "log-normal",
    "gamma",
    "counts",
    "many counts",
    "memory",
    "walk",
    "repeats",
    "mostly zero",
    "never zero",
    "step",
    "there and back",
    "outages",
    "counter",
    "restart",
    "sawtooth",
    "silent counts",
    "weekly",
    "growing bursts",
    "a low hour",
    "wider",
    "narrower",
    "gaps",
    "bend",
    "turn with gaps",
    "constant",
    "another constant",
)
BENDS = ("bend", "turn with gaps")
KERNELS_OWN = {"flags", "season.bins", "changed", "change_kind"}
"""Fields that the oracle has in another form, and what it does not tell; nor has it the window that seasons are searched in."""


def built(span: int = SPAN, **settings: object) -> SeriesModel:
    model = SeriesModel.build(ModelConfig(span, **settings))  # type: ignore[arg-type]
    model.grow(1)
    return model


def agree(model: SeriesModel, state: object) -> None:
    """Every field of the kernel's record is what the oracle has."""
    record = model.snapshot()["series"][0]
    for name in record.dtype.names:
        if name not in KERNELS_OWN and not name.startswith("window."):
            np.testing.assert_allclose(
                record[name], np.ravel(getattr(state, name.replace(".", "_"))), rtol=1e-4, atol=1e-7, err_msg=name
            )


def scores_agree(judged: object, ln_p: np.ndarray, ln_evidence: np.ndarray) -> None:
    np.testing.assert_allclose(judged.ln_p[0], ln_p, rtol=1e-5, atol=1e-5)  # type: ignore[attr-defined]
    np.testing.assert_allclose(judged.ln_evidence[0], ln_evidence, rtol=1e-5, atol=1e-5)  # type: ignore[attr-defined]


@pytest.mark.parametrize("side", [0, 1, -1])
@pytest.mark.parametrize("kind", KINDS)
def test_the_kernel_computes_what_the_oracle_says(kind, side):
    x = series(kind) if side == 0 else series(kind)[:120]
    model = built(side={0: "both", 1: "high", -1: "low"}[side])
    judged = model.advance(x[None], 0)
    assert not np.isin(judged.changes["kind"], (ChangeKind.SEASON_FOUND, ChangeKind.SEASON_DROPPED)).any()
    if side == 0:
        assert (ChangeKind.TREND in judged.changes["kind"]) == (kind in BENDS)
    ln_p, ln_evidence, state = oracle.run(x, SPAN, side)
    scores_agree(judged, ln_p, ln_evidence)
    agree(model, state)


@pytest.mark.parametrize("kind", ["normal", "log-normal", "gaps", "outages", "step", "far spikes"])
def test_a_mean_of_few_rows_tells_less(kind):
    rng = np.random.default_rng(7)
    weights = rng.poisson(2.0, N) + 1.0
    x = series(kind) + rng.normal(size=N) / np.sqrt(weights)
    model = built(of_rows=True)
    judged = model.advance(x[None], 0, weights=weights[None])
    ln_p, ln_evidence, state = oracle.run(x, SPAN, weights=weights)
    scores_agree(judged, ln_p, ln_evidence)
    agree(model, state)


def test_what_siblings_taught_and_the_zeros_before_the_first_value():
    lesson = {
        "variance": 0.04,
        "change_rate": 0.001,
        "change_buckets": 80.0,
        "jump_centre": 2.0,
        "jump_square": 1.5,
        "births": 0.002,
    }
    for kind in ("normal", "mostly zero", "constant", "counts"):
        model = built(HOUR, siblings=True, zeros_before=True)
        taught = model.snapshot()
        taught["siblings"] = np.zeros(1, taught["siblings"].dtype)
        for name, value in lesson.items():
            taught["siblings"][name] = value
        model = SeriesModel.build(model.config, taught)
        x = np.concatenate([np.full(15, np.nan), series(kind)[:8]])
        judged = model.advance(x[None], 0)
        scores_agree(judged, *oracle.run(x, HOUR, zeros=0, lesson=lesson)[:2])


RULES = (
    Rule((Condition("actual", "gt", 11.5), Condition("typical", "lte", 10.2))),
    Rule((Condition("diff_from_typical", "gte", 3.0),), actions=("skip_model_update",)),
    Rule((Condition("time", "lt", 40.0 * SPAN), Condition("actual", "lt", 9.0)), actions=("skip_result", "skip_model_update")),
    Rule((Condition("actual", "gt", -1e9),), actions=("skip_result", "skip_model_update")),  # about another series
)


@pytest.mark.parametrize("kind", ["normal", "spikes", "constant", "mostly zero"])
def test_what_is_skipped_is_what_rules_and_planned_times_say(kind):
    x = series(kind)[:150]
    planned = np.zeros(len(x), np.uint8)
    planned[60:70], planned[90:95] = bits(("skip_result", "skip_model_update")), bits(("skip_result",))
    numbers = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge}

    def skip(bucket: int, actual: float, typical: float) -> set[str]:
        of = {"actual": actual, "typical": typical, "diff_from_typical": abs(actual - typical), "time": bucket * SPAN}
        actions = {"skip_result", "skip_model_update"} if 60 <= bucket < 70 else {"skip_result"} if 90 <= bucket < 95 else set()
        for rule in RULES[:3]:
            if all(numbers[one.operator](of[one.applies_to], one.value) for one in rule.conditions):
                actions |= set(rule.actions)
        return actions

    model = built()
    skips = Skips.of(planned, RULES, np.array([[True], [True], [True], [False]]), Shifts.none(1))
    judged = model.advance(x[None], 0, skips=skips)
    ln_p, ln_evidence, state = oracle.run(x, SPAN, skip=skip)
    scores_agree(judged, ln_p, ln_evidence)
    agree(model, state)
    skipped = [bucket for bucket in range(len(x)) if not np.isnan(x[bucket]) and judged.ln_evidence[0, bucket] == 0.0]
    assert set(range(60, 70)) <= set(skipped)
    assert set(judged.skipped.leaves["bucket"]) <= set(skipped)
    assert not set(judged.leaves["bucket"]) & set(skipped)


def test_skips_do_not_depend_on_how_time_is_cut():
    x = series("normal")[:150]
    planned = (np.arange(150) % 7 == 3).astype(np.uint8) * bits(("skip_result", "skip_model_update"))
    skips = Skips.of(planned, RULES, np.array([[True], [True], [True], [False]]), Shifts.none(1))
    whole, cut = built(), built()
    judged = whole.advance(x[None], 0, skips=skips)
    parts = [cut.advance(x[None, a:b], a * SPAN, skips=skips.buckets(slice(a, b))) for a, b in ((0, 1), (1, 77), (77, 150))]
    assert np.array_equal(np.concatenate([part.ln_evidence for part in parts], axis=1), judged.ln_evidence, equal_nan=True)
    assert whole.snapshot()["series"].tobytes() == cut.snapshot()["series"].tobytes()


def seasonal(kind: str) -> np.ndarray:
    """Hourly values with a day, and from the sixth week on something else."""
    rng = np.random.default_rng(11)
    t = np.arange(24 * (45 if kind == "no day any more" else 41))
    noise, day = rng.normal(size=len(t)), np.sin(2 * np.pi * t / 24)
    late = t >= 24 * 7 * 5
    x = {
        "as before": lambda: 50 + 10 * day + noise,
        "counts": lambda: rng.poisson(np.exp(2.5 + day)) * 1.0,
        "spread of its own": lambda: (50 + 40 * day) * np.exp(0.1 * noise),
        "outage": lambda: np.where((t >= 24 * 36 + 9) & (t < 24 * 36 + 17), 0.0, 50 + 10 * day + noise),
        "level": lambda: 50 + 10 * day + noise + 15 * late,
        "multiplied": lambda: (50 + 30 * day + noise) * np.where(late, 0.4, 1.0),
        "much larger amplitude": lambda: 80 + np.where(late, 40, 10) * day + noise,
        "amplitude": lambda: 50 + np.where(late, 5, 10) * day + noise,
        "an hour later": lambda: 50 + 30 * np.sin(2 * np.pi * (t - late) / 24) + noise,
        "a job each night": lambda: 50 + 10 * day + noise + 40 * (late & ((t % 24 == 3) | (t % 24 == 4) & (t // 24 % 3 > 0))),
        "no day any more": lambda: 50 + np.where(late, 0, 10) * day + noise,
    }[kind]()
    return np.asarray(x, float)


SEASONAL = (
    "as before",
    "counts",
    "spread of its own",
    "outage",
    "level",
    "multiplied",
    "amplitude",
    "much larger amplitude",
    "an hour later",
    "a job each night",
    "no day any more",
)


@pytest.mark.parametrize("kind", SEASONAL)
def test_with_a_season_too(kind):
    x, known = seasonal(kind), 24 * 7 * 5 - 36
    model = built(HOUR)
    model.advance(x[None, :known], 0)
    before = model.snapshot()
    assert before["series"]["season.kind"][0] > 0
    judged = model.advance(x[None, known:], known * HOUR)
    assert ChangeKind.SEASON_FOUND not in judged.changes["kind"]
    state = oracle.of_record(before["series"][0], before["pool"])
    ln_p, ln_evidence, state = oracle.run(x[known:], HOUR, first=known, s=state)
    scores_agree(judged, ln_p, ln_evidence)
    agree(model, state)
    after = model.snapshot()
    if state.season_kind:
        np.testing.assert_allclose(after["pool"][: state.season_knots], state.profile, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(after["pool"][state.season_knots :], seasons.packed_marks(state))
    expected = {"level": ChangeKind.LEVEL, "multiplied": ChangeKind.LEVEL, "amplitude": ChangeKind.AMPLITUDE}
    expected |= {
        "much larger amplitude": ChangeKind.AMPLITUDE,
        "an hour later": ChangeKind.TIME_SHIFT,
        "no day any more": ChangeKind.SEASON_DROPPED,
    }
    if kind in expected:
        assert expected[kind] in judged.changes["kind"]


def test_with_a_season_a_mean_of_few_rows_tells_less_too():
    x, known = seasonal("as before"), 24 * 7 * 5 - 36
    weights = np.random.default_rng(7).poisson(np.where(np.arange(len(x)) % 24 < 6, 1.0, 20.0)) + 1.0
    x += 8 * np.random.default_rng(8).normal(size=len(x)) / np.sqrt(weights)
    model = built(HOUR, of_rows=True)
    model.advance(x[None, :known], 0, weights=weights[None, :known])
    before = model.snapshot()
    assert before["series"]["season.kind"][0] > 0
    judged = model.advance(x[None, known:], known * HOUR, weights=weights[None, known:])
    state = oracle.of_record(before["series"][0], before["pool"])
    ln_p, ln_evidence, state = oracle.run(x[known:], HOUR, first=known, s=state, weights=weights[known:])
    scores_agree(judged, ln_p, ln_evidence)
    agree(model, state)


@pytest.mark.parametrize("family", range(5))
def test_what_is_further_out_is_never_likelier(family):
    model = SeriesModel.build(ModelConfig(SPAN))
    model.grow(1)
    payload = model.advance(np.concatenate([100 + np.round(series("normal") * 3), [1000.0]])[None], 0).payload[-1:]
    payload["weight"] = np.eye(5)[family]
    values = np.array([135.0, 150.0, *np.logspace(3, 130, 128)])
    ln_p = SeriesModel.ln_p_of(np.repeat(payload, len(values)), values)
    assert (np.diff(ln_p) <= 0).all()
    assert ln_p[-1] < ln_p[0]


def test_the_tails_are_right_where_p_itself_underflows():
    judged = built().advance(np.concatenate([series("normal"), [1e3]])[None], 0)
    payload = judged.payload[-1:]
    payload["weight"] = [1, 0, 0, 0, 0]
    payload["tail_rate"] = payload["tail_mean"] = 1.0
    centre, deviation = payload["centre"][0], payload["deviation"][0]
    for z in (5.0, 20.0, 40.0, 1e3, 1e8):
        expected = np.log(2) + stats.norm.logsf(z)
        assert SeriesModel.ln_p_of(payload, np.array([centre + z * deviation]))[0] == pytest.approx(expected, rel=1e-6)
