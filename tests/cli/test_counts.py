from barograph.cli.counts import left_out
from barograph.results.counts import Example


def test_nothing_is_said_when_all_was_used() -> None:
    assert left_out({}, ()) == []


def test_each_reason_has_its_count_and_first_examples() -> None:
    examples = [
        Example("invalid_date", 17, "yesterday", "time: wanted ISO 8601"),
        Example("missing_field", 4, "", "cpu: wanted a value"),
        Example("out_of_order", 9, "2026-01-01", "time: wanted 2026-01-02 or later"),
    ]
    assert left_out({"invalid_date": 1, "missing_field": 1_200}, examples) == [
        "left out 1 row: the time cannot be read",
        "  row 17: time: wanted ISO 8601, found 'yesterday'",
        "left out 1,200 values: a field that the job needs is missing or null",
        "  row 4: cpu: wanted a value",
    ]


def test_what_is_not_a_number_is_not_told_as_missing_too() -> None:
    assert left_out({"missing_field": 3, "not_a_number": 2}, ()) == [
        "left out 1 value: a field that the job needs is missing or null",
        "left out 2 values: a field that must be a number is not",
    ]
    assert len(left_out({"missing_field": 2, "not_a_number": 2}, ())) == 1
