"""What this version announces as left out."""

from barograph.config.load import load_job
from barograph.config.support import left_out


def job(detector: dict, **analysis: object):
    return load_job({"job_id": "j", "analysis_config": {"detectors": [detector], **analysis}})


def test_of_a_plain_job_nothing_is_left_out() -> None:
    plain = job({"function": "mean", "field_name": "cpu", "partition_field_name": "host"}, influencers=["host"])
    assert left_out(plain) == ()


def test_settings_without_effect_are_announced() -> None:
    asking = job(
        {"function": "count", "by_field_name": "status"},
        bucket_span="5m",
        model_prune_window="30d",
    ).model_copy(update={"datafeed_config": {"indices": ["logs"]}})
    assert [sentence.split(" ")[0] for sentence in left_out(asking)] == [
        "datafeed_config",
    ]
