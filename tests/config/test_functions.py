import pytest

from barograph.config.functions import ALIASES, FUNCTIONS, resolve

PLAIN = {"rare", "freq_rare", "metric", "min", "max", "time_of_day", "time_of_week", "lat_long"}
THREE_SIDED = {"count", "non_zero_count", "distinct_count", "info_content", "mean", "median", "sum", "non_null_sum", "varp"}
ELASTIC = PLAIN | {f"{side}{name}" for side in ("", "high_", "low_") for name in THREE_SIDED}


def test_the_table_has_every_function_of_elastic_and_no_other():
    assert set(FUNCTIONS) == ELASTIC


@pytest.mark.parametrize(
    ("short", "full"),
    [("nzc", "non_zero_count"), ("high_nzc", "high_non_zero_count"), ("low_dc", "low_distinct_count"), ("avg", "mean")],
)
def test_short_forms_resolve(short, full):
    assert resolve(short) == full


def test_every_alias_stands_for_a_function():
    assert set(ALIASES.values()) <= set(FUNCTIONS)
    assert not set(ALIASES) & set(FUNCTIONS)


def test_a_near_miss_is_told_the_nearest_name():
    with pytest.raises(ValueError, match="did you mean 'high_mean'"):
        resolve("hig_mean")


def test_a_wild_name_is_told_all_names():
    with pytest.raises(ValueError, match="one of count, distinct_count"):
        resolve("zzz")


def test_sides_follow_the_prefix():
    assert FUNCTIONS["high_sum"].side == "high"
    assert FUNCTIONS["low_sum"].side == "low"
    assert FUNCTIONS["min"].side == "low"
    assert FUNCTIONS["max"].side == "high"


def test_metric_is_three_statistics():
    assert FUNCTIONS["metric"].statistics == (("mean", "both"), ("min", "low"), ("max", "high"))
    assert FUNCTIONS["metric"].statistic == "mean"


def test_only_count_and_sum_are_zero_in_an_empty_bucket():
    zero = {name.removeprefix("high_").removeprefix("low_") for name, one in FUNCTIONS.items() if one.empty == "zero"}
    assert zero == {"count", "sum"}


def test_functions_whose_values_are_a_measured_size_can_be_forecast():
    plain = {name.removeprefix("high_").removeprefix("low_") for name, one in FUNCTIONS.items() if one.forecast}
    assert plain == {
        *("count", "non_zero_count", "distinct_count", "metric", "mean", "median"),
        *("min", "max", "varp", "sum", "non_null_sum"),
    }
