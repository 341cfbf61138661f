"""The kernel of populations computes what `oracle/population.py` says."""

import numpy as np
import pytest

from tests.models.population_data import build, counts, present, sizes
from tests.oracle.population import Population


def streams():
    rng = np.random.default_rng(3)
    shifted = sizes(7, 60)
    shifted[:, 30:] -= 25.0  # values below zero
    yield "sizes", sizes(9, 80), {}
    yield "one side", sizes(9, 60, within=1.5), {"side": "high"}
    yield "counts", counts(9, 80), {"integer": True}
    yield "few counts", counts(12, 60, level=-1.0), {"integer": True, "side": "low"}
    yield "below zero", shifted, {}
    yield "zeros", present(rng.gamma(2, 5, (8, 60)) * (rng.random((8, 60)) < 0.4), 0.7), {}
    yield "hardly more than nothing", np.where(rng.random((8, 60)) < 0.02, 9.0, 0.0), {}
    yield "mostly alone", sizes(5, 60, share=0.1), {}
    yield "alone", sizes(1, 60, share=1.0), {}
    yield "beyond what has a finite square", np.where(np.arange(40) == 20, -1e300, sizes(5, 40)), {}
    yield "gaps", np.where(np.arange(60) % 7 < 3, sizes(5, 60, share=0.3), np.nan), {}
    grown = np.exp(rng.normal(3.0, 0.5, (8, 60)))
    grown[2, 20:] *= 50.0
    yield "another habit", grown, {}
    yield "another habit of counts", np.where(np.arange(8)[:, None] == 1, 40.0, counts(8, 60, spread=0.3)), {"integer": True}
    rows = np.where(rng.random((9, 120)) < 0.2, rng.choice([0.5, 1.0, 3.0], (9, 120)), 50.0)
    yield "means of few rows and of many", present(np.exp(rng.normal(3.0, 0.8, (9, 120)) / np.sqrt(rows)), 0.8), {"rows": rows}
    yield "far off", np.where(rng.random((8, 60)) < 0.03, 1e7, sizes(8, 60)), {}


STREAMS = {name: (values, settings) for name, values, settings in streams()}


@pytest.mark.parametrize("name", STREAMS)
def test_the_kernel_computes_the_oracle(name):
    values, settings = STREAMS[name]
    rows = settings.get("rows")
    settings = {of: value for of, value in settings.items() if of != "rows"}
    model = build(len(values), **settings, of_rows=rows is not None)
    judged = model.advance(values, 0, weights=rows)
    oracle = Population(counts=settings.get("integer", False), side={"high": 1, "low": -1}.get(settings.get("side"), 0))
    for t in range(values.shape[1]):
        here = {who: float(values[who, t]) for who in np.flatnonzero(~np.isnan(values[:, t])).tolist()}
        behind = None if rows is None else {who: float(rows[who, t]) for who in here}
        wanted = oracle.run(t, here, behind) if here else {}
        for who, ln_p in wanted.items():
            assert judged.ln_p[who, t] == pytest.approx(ln_p, rel=1e-6, abs=1e-8), (t, who)
    learnt = model.snapshot()["populations"][0]
    for part in ("centre", "square", "squares", "within", "withins", "zeros", "values", "count", "seen"):
        assert learnt[part] == pytest.approx(getattr(oracle, part), rel=1e-6, abs=1e-9), part
    told = (
        np.array([(w, w * few, w * few**2, w * off, w * off * few) for w, few, off in oracle.told]).reshape(-1, 5).sum(axis=0)
    )
    assert learnt["rows"].tolist() == pytest.approx(told.tolist(), rel=1e-6, abs=1e-9)
    members = model.snapshot()["members"]
    for part in ("own", "due", "pushed", "seen", "since", "last"):
        known = [getattr(oracle.members[who], part) for who in sorted(oracle.members)]
        assert members[part][sorted(oracle.members)] == pytest.approx(known, rel=1e-6, abs=1e-9), part
