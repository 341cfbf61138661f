"""Counts of what was read and dropped."""

from barograph.results.counts import MAX_EXAMPLES, DataCounts, Example


def test_only_the_first_examples_of_each_reason_are_kept() -> None:
    found = [Example("invalid_date", row, "x", "a time") for row in range(9)] + [Example("malformed", 9, "{", "a JSON object")]
    kept = DataCounts().with_examples(found).with_examples(found).examples
    assert [one.row for one in kept if one.reason == "invalid_date"] == list(range(MAX_EXAMPLES))
    assert sum(one.reason == "malformed" for one in kept) == 2


def test_counts_survive_json() -> None:
    counts = DataCounts(input_record_count=3, earliest_record_timestamp=-5, examples=(Example("malformed", 1, "{", "JSON"),))
    assert DataCounts.from_dict(counts.to_dict()) == counts
