"""Numbers and text of any form."""

import math
from datetime import timedelta

import polars as pl

from barograph.intake.parse import parse_numbers, parse_text


def numbers(values, dtype=None):
    """The numbers, and how many values are there without being one."""
    parsed, wrong = parse_numbers(pl.Series(values, dtype=dtype))
    return parsed.to_list(), wrong.sum()


def texts(values, dtype=None):
    return parse_text(pl.Series(values, dtype=dtype)).to_list()


def test_numbers_are_read_from_text_and_from_numbers():
    assert numbers(["1", " 2 ", "-3.5e2", "+.5"]) == ([1.0, 2.0, -350.0, 0.5], 0)
    assert numbers([1, 2], pl.UInt8) == ([1.0, 2.0], 0)
    assert numbers(["1"], pl.Categorical) == ([1.0], 0)
    assert numbers([None, None]) == ([None, None], 0)


def test_nan_infinity_and_words_in_text_are_not_numbers():
    assert numbers(["nan", "inf", "-Infinity", "x", "1,5", "0x1", " "]) == ([None] * 7, 7)
    assert numbers([True, False]) == ([None, None], 2)
    assert numbers([math.inf]) == ([None], 1)


def test_nan_in_a_typed_column_is_missing():
    assert numbers([math.nan, 1.0]) == ([None, 1.0], 0)


def test_text_is_the_same_from_any_type():
    assert texts([5, None]) == texts([5.0, math.nan]) == texts(["5", ""]) == ["5", None]
    assert texts([0.1, -0.0, 1e300]) == ["0.1", "0", "1e+300"]
    assert texts([True, False]) == ["true", "false"]
    assert texts([["a", "b"], []]) == ["a,b", None]
    assert texts([{"k": 1}]) == ['{"k":1}']
    assert texts([b"x"]) == ["x"]


def test_text_of_an_odd_value_costs_no_other_its_own():
    assert texts([b"x", b"\xff", None, b"\xfe"]) == ["x", "\\xff", None, "\\xfe"]
    assert texts([[b"x", b"\xff"], [], None]) == ["x,\\xff", None, None]
    assert texts([[["a", "b"], ["c"]], [[]], None]) == ["a,b,c", None, None]
    assert texts([timedelta(days=1), None]) == ["P1D", None]
    assert texts([object, None], pl.Object) == ["<class 'object'>", None]
