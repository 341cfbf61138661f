"""Who is blamed for a burst (reference 16.18): two who did the same share it, however large it is; bystanders get none."""

from collections import Counter

import numpy as np
import polars as pl
import pytest

import barograph
from barograph.config.load import load_job

HOUR = 3_600_000
START = 1_700_006_400_000
HOURS = 300
BURST = 285


def rows(seed: int, typical: int, culprits: list[str], each: int) -> pl.DataFrame:
    """`typical` rows an hour from ten people, and `each` rows more from every culprit in one hour."""
    random = np.random.default_rng(seed)
    hour = np.repeat(np.arange(HOURS), random.poisson(typical, HOURS))
    who = np.array([f"p{i}" for i in range(10)])[random.integers(0, 10, len(hour))]
    burst = np.repeat(culprits, each)
    time = START + HOUR * np.concatenate([hour, np.full(len(burst), BURST)])
    value = random.normal(10.0, 2.0, len(time))
    return pl.DataFrame({"time": time, "who": np.concatenate([who, burst]), "value": value}).sort("time")


def blamed(frame: pl.DataFrame, detector: dict[str, str]) -> tuple[float, dict[str, float]]:
    """The score of the burst's record, and the influence of each entity that has any."""
    job = load_job(
        {
            "job_id": "blame",
            "analysis_config": {"bucket_span": "1h", "detectors": [detector], "influencers": ["who"]},
            "data_description": {"time_format": "epoch_ms"},
        }
    )
    (record,) = barograph.run(job, frame).records.filter(timestamp=START + BURST * HOUR).to_dicts()
    found = record["influencers"]
    pairs = zip(found[0]["influencer_field_values"], found[0]["influences"], strict=True) if found else ()
    return record["record_score"], dict(pairs)


DETECTORS = pytest.mark.parametrize(
    "detector", [{"function": "count"}, {"function": "sum", "field_name": "value"}], ids=["count", "sum"]
)


@DETECTORS
@pytest.mark.parametrize("times", [1, 3, 10])
@pytest.mark.parametrize("typical", [100, 1000])
def test_two_equal_culprits_share_the_blame(detector: dict[str, str], typical: int, times: int) -> None:
    for seed in range(4):
        score, found = blamed(rows(seed, typical, ["bad", "worse"], times * typical), detector)
        assert score > 75
        assert set(found) == {"bad", "worse"}
        # Half of what is left when chance is taken off the burst: that of the hour moves it by a few per cent.
        assert 0.45 < min(found.values()) <= max(found.values()) < 0.65


@DETECTORS
def test_one_culprit_has_nearly_all_of_it(detector: dict[str, str]) -> None:
    for times in (1, 3, 10):
        _, found = blamed(rows(times, 200, ["bad"], times * 200), detector)
        assert found.pop("bad") > 0.9
        assert not found


def test_nobody_is_blamed_for_what_all_did() -> None:
    everyone = [f"p{i}" for i in range(10)]
    names = Counter()
    for seed in range(5):
        _, found = blamed(rows(seed, 200, everyone, 60), {"function": "count"})
        names.update(found)
    assert not names
