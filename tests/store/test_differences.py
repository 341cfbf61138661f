"""Which settings of a job may change once it has learned."""

import pytest

from barograph.store.errors import JobChanged


def test_what_models_do_not_depend_on_may_change_in_place(store, make):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [])
    changed = make.job(
        description="new", groups=["g"], custom_settings={"a": 1}, results_retention_days=3, model_snapshot_retention_days=20
    )
    assert not store.create_job(changed, now_ms=2)
    assert store.job("web") == changed


def test_other_analysis_settings_are_refused_with_each_difference(store, make):
    store.create_job(make.job(), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [])
    config = {
        "bucket_span": "1h",
        "detectors": [{"function": "max", "field_name": "bytes"}, {"function": "count"}],
        "influencers": ["host"],
    }
    with pytest.raises(JobChanged) as caught:
        store.create_job(make.job(analysis_config=config, time_zone="Europe/Berlin"), now_ms=2)
    text = str(caught.value)
    assert "analysis_config.bucket_span: '5m' in the store, '1h' now" in text
    assert "analysis_config.detectors[0].function: 'mean' in the store, 'max' now" in text
    assert "analysis_config.detectors[1]: None in the store, {" in text
    assert "analysis_config.influencers[0]: None in the store, 'host' now" in text
    assert "time_zone: 'UTC' in the store, 'Europe/Berlin' now" in text
    assert "barograph jobs reset web" in text
    assert store.job("web") == make.job()


def test_a_job_that_has_learned_nothing_takes_any_settings(store, make):
    store.create_job(make.job(), now_ms=1)
    assert not store.create_job(make.job(seed=1), now_ms=2)
    store.commit("web", make.results(), make.snapshot(1), [])
    with pytest.raises(JobChanged):
        store.create_job(make.job(seed=2), now_ms=3)
    store.reset_job("web")
    assert not store.create_job(make.job(seed=2), now_ms=4)
    assert store.job("web").seed == 2


def test_the_same_analysis_in_other_words_is_no_change(store, make):
    config = {"bucket_span": "60m", "detectors": [{"function": "count"}]}
    store.create_job(make.job(analysis_config=config), now_ms=1)
    store.commit("web", make.results(), make.snapshot(1), [])
    other = {"bucket_span": "1h", "detectors": [{"function": "count", "detector_description": "Requests"}]}
    assert not store.create_job(make.job(analysis_config=other), now_ms=2)
    assert store.job("web").detectors[0].detector_description == "Requests"
