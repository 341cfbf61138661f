"""Filters as people write them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.config.errors import BadRequest
from barograph.jobs.views.filter_text import parse, quoted
from barograph.store.entity_filter import AllOf, AnyOf, Is, Not

A, B, C = Is("a", ("1",)), Is("b", ("2",)), Is("c", ("3",))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", None),
        ("   ", None),
        ("a:1", A),
        (" a : 1 ", A),
        ("a:1 and b:2", AllOf((A, B))),
        ("a:1 AND b:2 or c:3", AnyOf((AllOf((A, B)), C))),
        ("a:1 and (b:2 or c:3)", AllOf((A, AnyOf((B, C))))),
        ("not a:1 and b:2", AllOf((Not(A), B))),
        ("not (a:1 or b:2)", Not(AnyOf((A, B)))),
        ("host:web-*", Is("host", ("web-", ""))),
        ("host:*", Is("host", ("", ""))),
        (r"host:web-\*", Is("host", ("web-*",))),
        ('host:"us east"', Is("host", ("us east",))),
        (r'"a b":"say \"x:y\" \\ (z)"', Is("a b", ('say "x:y" \\ (z)',))),
        ('host:"and"', Is("host", ("and",))),
        ("host:<img", Is("host", ("<img",))),
        ('host:""', Is("host", ("",))),
    ],
)
def test_what_is_meant(text, wanted):
    assert parse(text) == wanted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("host", "wanted ':' and a value after 'host' at character 5; found the end"),
        ("host:", "wanted a value of 'host' at character 6; found the end"),
        ("host:web and", "wanted FIELD:VALUE"),
        ("host:web region:eu", "wanted 'and', 'or' or the end at character 10; found 'region'"),
        ("(host:web", "wanted ')' at character 10; found the end"),
        ("host:web)", "wanted 'and', 'or' or the end at character 9; found ')'"),
        ('host:"web', "wanted a closing '\"' at character 6"),
        (":web", "wanted FIELD:VALUE"),
        ("host:a:b", "wanted 'and', 'or' or the end at character 7; found ':'"),
        ("host:web\\", "wanted"),
        ("(" * 200 + "a:1", "at most 50 parts within each other"),
        ("a" * 3000, "at most 2,000 characters"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text, told):
    with pytest.raises(BadRequest) as refused:
        parse(text)
    assert told in str(refused.value)
    assert str(refused.value).startswith("q")


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_is_quoted_is_meant_to_the_letter(field, value):
    assert parse(f"{quoted(field)}:{quoted(value)}") == Is(field, (value,))


@given(st.text(alphabet='ab:()"\\* andornot', max_size=30))
def test_any_text_is_read_or_refused(text):
    with suppress(BadRequest):
        parse(text)
