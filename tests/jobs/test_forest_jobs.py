from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import barograph
from barograph.config.detector_document import read_detector
from barograph.config.errors import BadRequest
from barograph.config.forest import default_rules
from barograph.config.load import load_job
from barograph.jobs.service import Query, Service, TopQuery
from barograph.models import forest_trees
from barograph.store.store import Store
from tests.engine.detectors import come_and_go, forgetful, web, web_detector
from tests.jobs.laws import check_replay

JOB = read_detector(web_detector()).job()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    with Service.open(None, tmp_path_factory.mktemp("forests")) as service:
        service.create(JOB)
        for piece in web().iter_slices(700):
            service.open_job(JOB.job_id)
            service.feed(JOB.job_id, piece)
            service.close_job(JOB.job_id)
        yield service


def test_a_replay_gives_the_same_bits(store: Store):
    check_replay(store, JOB, web(330), 3)


def test_a_replay_forgets_the_same(store: Store):
    check_replay(store, forgetful(), come_and_go(), 3)


def test_a_changed_rule_is_followed_and_nothing_is_learned_anew(tmp_path: Path):
    with Service.open(None, tmp_path) as service:
        service.create(JOB)
        service.open_job(JOB.job_id)
        service.feed(JOB.job_id, web(350))
        service.close_job(JOB.job_id)
        below = {"conditions": [{"feature_name": "load", "threshold_type": "ACTUAL_IS_BELOW_EXPECTED"}]}
        rules = [*(rule.model_dump() for rule in default_rules(["load", "latency"])), below]
        service.update(JOB.job_id, lambda _: read_detector(web_detector(rules=rules)).job())
        before = service.forest_results(JOB.job_id, anomalies_only=True).rows.filter(partition_field_value="a")
        service.replay(JOB.job_id)
        after = service.forest_results(JOB.job_id, anomalies_only=True).rows.filter(partition_field_value="a")
        assert (before.height, after.height) == (1, 0)


def test_what_another_version_has_learned_is_learned_anew_when_a_job_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rows = web(120)
    with Service.open(None, tmp_path) as service:
        service.create(JOB)
        with monkeypatch.context() as before:
            before.setattr(forest_trees, "VERSION", forest_trees.VERSION - 1)
            service.open_job(JOB.job_id)
            service.feed(JOB.job_id, rows.head(200))
            service.close_job(JOB.job_id)
        told: list[str] = []
        service.open_job(JOB.job_id, told.append)
        assert len(told) == 1
        service.feed(JOB.job_id, rows.slice(200))
        service.close_job(JOB.job_id)
        found = service.forest_results(JOB.job_id).rows
    assert_frame_equal(found, barograph.run(web_detector(), rows).forest_results.head(found.height), check_exact=True)


def test_results_are_asked_for_by_time_grade_and_entity(service):
    found = service.forest_results(JOB.job_id, Query(size=None))
    assert found.total == found.rows.height == 1_361
    odd = service.forest_results(JOB.job_id, anomalies_only=True)
    assert odd.rows["anomaly_grade"].min() > 0
    of_a = service.forest_results(JOB.job_id, Query(entity=(("host", "a"),)), anomalies_only=True).rows
    assert of_a.equals(odd.rows.filter(partition_field_value="a"))
    assert of_a.height == 2
    worst = service.forest_results(JOB.job_id, Query(sort="anomaly_grade", descending=True, size=1)).rows
    assert worst["anomaly_grade"][0] == odd.rows["anomaly_grade"].max()
    time = of_a["timestamp"][0]
    assert service.forest_results(JOB.job_id, Query(start_ms=time, end_ms=time + 1)).total == 3
    assert service.forest_results(JOB.job_id, Query(min_score=of_a["anomaly_grade"].max())).rows.height >= 1


def test_an_explanation_of_a_feature_says_what_the_features_are_together(service):
    span = JOB.bucket_span_ms
    time = int(service.forest_results(JOB.job_id, Query(entity=(("host", "a"),)), anomalies_only=True).rows["timestamp"][0])
    found = service.explain(JOB.job_id, time, (("host", "a"),), size=2)
    assert len(set(found.together)) == 1
    assert found.together[0][0].startswith("Grade 0.")
    assert found.together[0][1].startswith("To blame: load (100 %), 60 where ")
    (after,) = service.explain(JOB.job_id, time + span, (("host", "a"),)).together[0]
    assert after.endswith("but what is odd in it was there before, since Mon 2023-11-27 22:00.")
    assert "No anomaly" in service.explain(JOB.job_id, time - span, (("host", "a"),)).together[0][0]


def test_the_worst_entities_are_told_by_any_of_their_fields(service):
    top = service.forest_top(JOB.job_id, TopQuery(0, 2**60))
    assert top.columns == ["partition_field_value", "by_field_value", "max_anomaly_grade", "anomalies"]
    assert top.row(0)[:2] == ("a", "one")
    assert top["max_anomaly_grade"].is_sorted(descending=True)
    often = service.forest_top(JOB.job_id, TopQuery(0, 2**60, ("service",), "occurrence", 1))
    odd = service.forest_results(JOB.job_id, anomalies_only=True).rows
    assert often.rows() == [("one", odd["anomaly_grade"].max(), odd.filter(by_field_value="one").height)]
    assert service.forest_top(JOB.job_id, TopQuery(0, 1)).is_empty()


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (lambda: TopQuery(0, 1, size=1_001), "size=1001: wanted 1 to 1,000"),
        (lambda: TopQuery(0, 1, order="name"), "order='name': wanted severity or occurrence"),  # type: ignore[arg-type]
    ],
)
def test_questions_that_cannot_be_are_refused(ask, text):
    with pytest.raises(BadRequest) as refused:
        ask()
    assert str(refused.value) == text


def test_other_fields_and_other_jobs_are_refused(service):
    with pytest.raises(BadRequest, match="fields='user': wanted a category field of the detector"):
        service.forest_top(JOB.job_id, TopQuery(0, 1, ("user",)))
    other = load_job({"job_id": "plain", "analysis_config": {"detectors": [{"function": "count"}]}, "data_description": {}})
    service.create(other)
    for ask in (service.forest_results, service.forest_models):
        with pytest.raises(BadRequest, match="wanted a forest detector"):
            ask("plain")


def test_models_say_how_far_they_are_from_their_first_score(service, tmp_path):
    models = service.forest_models(JOB.job_id)
    assert [one.entity for one in models] == [
        (("host", "a"), ("service", "one")),
        (("host", "b"), ("service", "one")),
        (("host", "b"), ("service", "two")),
    ]
    assert [(one.needed, one.progress) for one in models] == [(0, 1.0)] * 3
    assert len({one.model_id for one in models}) == 3
    assert models[0].model_id.startswith("web-1_entity_")
    assert all(210_000 < one.bytes < 240_000 for one in models)
    with Service.open(None, tmp_path) as young:
        young.create(JOB)
        assert young.forest_models(JOB.job_id) == []
        young.open_job(JOB.job_id)
        young.feed(JOB.job_id, web(24))
        young.close_job(JOB.job_id)
        (first, _) = young.forest_models(JOB.job_id)
        assert 0 < first.progress < 1
        assert first.points + first.needed == 32


def test_forests_are_a_part_of_the_memory_that_a_job_tells_of(service):
    assert service.memory(JOB.job_id).parts["forests of the entities"] > 3 * 210_000


def test_anomalies_are_in_the_lanes_and_the_influencers_of_the_job(service):
    odd = service.forest_results(JOB.job_id, anomalies_only=True).rows
    blamed = service.influencers(JOB.job_id, Query(size=None)).rows
    assert set(blamed["influencer_field_name"]) == {"host", "service"}
    assert set(odd.filter(pl.col("severity") > 30)["timestamp"]) <= set(blamed["timestamp"])
