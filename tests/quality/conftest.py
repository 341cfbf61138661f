"""Floors that the series model does not hold yet: what is asked stays in the test, what comes is said here.

A test that begins to hold fails until its line is taken out.
"""

from typing import Final

import pytest

NOT_YET: Final = {
    "test_patterns_are_forecast_two_weeks_ahead[weekly-constant trend]": "error 0.022, 0.02 asked",
    "test_hosts_unlike_themselves_come_first": "MRR 0.006, 0.6 asked; 0.50 can be had (docs/lab.md)",
    "test_members_together_are_as_unlikely_as_said[2]": "errors add up to 0.048, on the careful side: two tests are looked at",
    "test_members_together_are_as_unlikely_as_said[10]": "errors add up to 0.049, on the careful side",
    "test_a_job_of_one_null_series_is_told_of_once_in_ten_months_at_75_and_five_times_at_50[seasonal gamma]": "18 of 75",
    "test_of_twenty_null_partitions_each_is_told_of_as_rarely_and_their_bucket_once_in_all[seasonal gamma]": "13 buckets of 75",
    "test_what_is_predicted_is_what_is_true_in_the_fourth_week[day on a line-hourly]": "0.051, 0.04 asked",
    "test_a_season_of_sparse_values_is_found": "in 95 % of series, 99 % asked",
    "test_an_excursion_is_among_the_ten_strongest_buckets_despite_thirty_spikes": "in 30 %: runs of fractions are no view",
    "test_a_season_of_another_amplitude_is_learnt_by_the_third_day[0.5-0.4-4.3]": "bounds 4.33 wide, 4.3 asked",
    "test_clocks_put_forward_raise_two_alarms_at_most_and_are_learnt_in_a_day": "4.5 alarms: one tells by a rise and a fall",
    "test_probabilities_of_null_series_are_calibrated[seasonal gamma]": "2.5 times as many beyond 0.001, 1.8 asked",
    "test_evidence_of_null_series_is_worth_as_little_as_scores_promise[student t3-50.0-0.5]": "0.55 a series-month",
    "test_evidence_of_null_series_is_worth_as_little_as_scores_promise[seasonal gamma-75.0-0.1]": "0.5 a series-month",
    "test_evidence_of_null_series_is_worth_as_little_as_scores_promise[seasonal gamma-50.0-0.5]": "1.9 a series-month",
    "test_evidence_of_null_series_is_worth_as_little_as_scores_promise[random walk-75.0-0.1]": "0.35 a series-month",
    "test_evidence_of_null_series_is_worth_as_little_as_scores_promise[random walk-50.0-0.5]": "0.6 a series-month",
    "test_four_outliers_are_found_and_little_else_is_told[gamma]": "0.0012 false, 0.0011 asked",
    "test_a_bend_of_six_deviations_a_week_is_told_within_the_week[3600000-100-ends to rise-day]": "77 of 100, 90 asked",
    "test_a_bend_of_six_deviations_a_week_is_told_within_the_week[3600000-100-turns-day]": "slope -1.17, -0.86 is true",
    "test_a_new_slope_is_followed_at_once_and_brings_no_shifts_of_the_level[3.0]": "bounds 4.67 wide, 4.4 asked",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the floors that are not held."""
    for item in items:
        if item.name in NOT_YET and "quality" in item.path.parts:
            item.add_marker(pytest.mark.xfail(reason=NOT_YET[item.name], strict=True))
