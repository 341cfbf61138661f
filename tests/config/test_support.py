"""What this version refuses, and what it announces as left out."""

import pytest

from barograph.config.errors import ConfigError
from barograph.config.load import load_job
from barograph.config.support import left_out, refuse_unsupported


def job(detector: dict, **analysis: object):
    return load_job({"job_id": "j", "analysis_config": {"detectors": [detector], **analysis}})


def test_a_plain_job_is_accepted_and_nothing_is_left_out() -> None:
    plain = job({"function": "mean", "field_name": "cpu", "partition_field_name": "host"}, influencers=["host"])
    refuse_unsupported(plain)
    assert left_out(plain) == ()


def test_what_is_unsupported_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        refuse_unsupported(job({"function": "time_of_day", "over_field_name": "user"}))
    assert "detectors[0].over_field_name='user'" in str(caught.value)


def test_settings_without_effect_are_announced() -> None:
    asking = job(
        {"function": "count", "by_field_name": "status"},
        bucket_span="5m",
        model_prune_window="30d",
    ).model_copy(update={"datafeed_config": {"indices": ["logs"]}})
    refuse_unsupported(asking)
    assert [sentence.split(" ")[0] for sentence in left_out(asking)] == [
        "datafeed_config",
    ]
